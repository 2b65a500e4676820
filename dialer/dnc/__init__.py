"""Lists of numbers at national scale: bitmaps in files that all processes share, and their import."""
