"""The schema's history. A service brings its database up to date when it opens it."""
