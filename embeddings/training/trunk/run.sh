#!/usr/bin/env bash
# Train the trunk, the encoder and the reader, a step a call. From the root of the checkout:
#
#   run.sh pack DATA PACK                       at home: tokenise everything into files (PIECE_MIB=60)
#   run.sh pretrain|encoder|reader PACK WORK OUT MINUTES [UNTIL] [FLAGS...]
#                                               where the training happens; goes on where the last call stopped
#   run.sh assemble PACK OUT MODELS             at home: models with cards from what was carried back in OUT
#   run.sh figures DATA MODELS                  at home: the development tables of both models
set -euo pipefail
cd "$(dirname "$0")/../../.."
export PYTHONUNBUFFERED=1 PYTHONPATH="$PWD" TOKENIZERS_PARALLELISM=true HF_HUB_OFFLINE=1
python="${PYTHON:-$([ -x .venv/bin/python ] && echo .venv/bin/python || echo python3)}"
kit=embeddings.training.trunk

usage() { sed -n '2,9s/^# \{0,1\}//p' "$0" >&2; exit 2; }

verb="${1:-}"
shift || usage
case "$verb" in
  pack)
    [ $# -ge 2 ] || usage
    data=$1 pack=$2 size=${PIECE_MIB:-60}
    "$python" -m $kit.pack --data "$data" --out "$pack" --piece-mib "$size" "${@:3}"
    "$python" -m qa.training.trunk --data "$data" --out "$pack" --piece-mib "$size"
    du -ch "$pack"/* | tail -1
    ;;
  pretrain | encoder | reader)
    [ $# -ge 4 ] || usage
    pack=$1 work=$2 out=$3 minutes=$4 until=1.0
    shift 4
    if [[ "${1:-}" =~ ^[0-9.]+$ ]]; then until=$1; shift; fi
    "$python" -m "$kit.$verb" --pack "$pack" --work "$work" --out "$out" --minutes "$minutes" --until "$until" "$@"
    ;;
  assemble)
    [ $# -eq 3 ] || usage
    "$python" -m $kit.assemble --pack "$1" --out "$2" --models "$3"
    ;;
  figures)
    [ $# -eq 2 ] || usage
    "$python" -m tests.benchmarks.retrieval --data "$1" --encoder "$2/encoder" --out "$2/retrieval.json"
    "$python" -m tests.benchmarks.reading --data "$1" --readers "$2/reader"
    ;;
  *) usage ;;
esac
