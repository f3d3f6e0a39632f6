"""How a pretrained trunk, and an encoder and a reader on it, are made: pack, pretrain, encoder, reader, assemble.

`run.sh` beside this file runs every step; `docs/trunk.md` tells how long each takes and what to expect. The
application never imports this package.
"""
