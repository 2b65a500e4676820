"""The compliance officer's pages, a module each; `pages.officer_routes` joins them."""
