"""An index that is killed, starved of disk and damaged, hundreds of times: `python -m tests.torture`.

`work` makes the changes and knows every state they commit; `victim` makes them in a process that does not survive;
`kills`, `faults` and `damage` look at what is left, and count.
"""
