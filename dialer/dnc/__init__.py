"""Lists of numbers at national scale: bitmaps in files all processes share, and their import."""
