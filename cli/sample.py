"""`rhm-sweep sample`: strings from a trained model."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rhm_sweeps.errors import UsageError

from .model_flags import Device, Model, SamplingSteps, Trial, named_model, sampling_progress
from .output import Json, print_data, print_json, stderr
from .session_flags import DEFAULT_RESULTS, Results

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from rhm_sweeps.evaluation.trained_model import TrainedModel

FORMATS = ("text", "csv", "parquet")

Count = Annotated[int, typer.Option(min=1, help="Strings to draw.")]
Seed = Annotated[int, typer.Option(min=0, help="Seed; string i is the same for the same seed, whatever the count.")]
Format = Annotated[
    str | None,
    typer.Option(
        "--format",
        help="text: one string per line; csv or parquet: also class, valid, copied. Default: by the ending of --out, else text.",
    ),
]
Out = Annotated[Path | None, typer.Option("--out", dir_okay=False, help="File to write; default: standard output.")]


def sample(
    model: Model,
    *,
    trial: Trial = None,
    count: Count = 100,
    seed: Seed = 0,
    sampling_steps: SamplingSteps = None,
    form: Format = None,
    out: Out = None,
    device: Device = "cpu",
    results: Results = DEFAULT_RESULTS,
    as_json: Json = False,
) -> None:
    """Draw strings from a trained model.

    The columns of csv and parquet: token_1 .. token_d, class (empty if the
    string is invalid), valid, copied (whether it is a training string).
    """
    chosen = _format(form, out, as_json=as_json)
    trained = named_model(model, trial, results, device)
    with sampling_progress(trained, count, sampling_steps) as tell:
        strings = trained.sample(count, seed, sampling_steps, tell)
    if as_json:
        _print_document(trained, strings)
        return
    content = _content(trained, strings, chosen)
    if out is None:
        print_data(content.decode())
        return
    _write(out, content)
    stderr.print(f"{count:,} strings in {out}", markup=False, soft_wrap=True)


def _format(form: str | None, out: Path | None, *, as_json: bool) -> str:
    ending = out.suffix.removeprefix(".") if out else ""
    chosen = form or (ending if ending in FORMATS else "text")
    if chosen not in FORMATS:
        raise UsageError(f"`--format` is {chosen!r}, but must be one of {', '.join(FORMATS)}")
    if as_json and (form or out):
        raise UsageError("`--json` prints the strings on standard output; leave `--format` and `--out` out")
    if chosen == "parquet" and out is None:
        raise UsageError("parquet is not for standard output; name a file with `--out`")
    return chosen


def _content(trained: TrainedModel, strings: NDArray[np.uint8], form: str) -> bytes:
    from rhm_sweeps.evaluation.sampled_strings import SampledStrings, string_lines

    if form == "text":
        return string_lines(strings, trained.grammar).encode()
    frame = SampledStrings.of(strings, trained.grammar, trained.training_strings()).frame()
    if form == "csv":
        return str(frame.to_csv(index=False)).encode()
    buffer = io.BytesIO()
    frame.to_parquet(buffer, index=False)
    return buffer.getvalue()


def _print_document(trained: TrainedModel, strings: NDArray[np.uint8]) -> None:
    from rhm_sweeps.evaluation.sampled_strings import SampledStrings

    found = SampledStrings.of(strings, trained.grammar, trained.training_strings())
    classes = [label if label >= 0 else None for label in found.classes.tolist()]
    identity = {"signature": trained.config.signature, "step": trained.step}
    print_json({**identity, "strings": strings.tolist(), "classes": classes, "copied": found.copied.tolist()})


def _write(out: Path, content: bytes) -> None:
    from rhm_sweeps.whole_file import write_atomically

    try:
        write_atomically(out, content)
    except OSError as error:
        raise UsageError(f"cannot write {out}: {error.strerror}") from None
