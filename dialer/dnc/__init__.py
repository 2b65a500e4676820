"""Lists of numbers at national scale: delivered files in, one memory-mapped index a list out.

`source` reads a file as pieces of whole lines, `lines` and `rows` say which numbers are in them,
`working_set` gathers the numbers, `writing` and `index` are the file every process asks. `profile`
says how a delivered file is laid out; `shelf` keeps versions with their `manifest`s and swaps the
active one, if `guard` has nothing against it.
"""
