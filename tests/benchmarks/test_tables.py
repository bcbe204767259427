"""Each benchmark runs and prints what it promises."""

from __future__ import annotations

from pathlib import Path

import pytest

from rhm_sweeps.packs.flops import model_cost

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
PARTS = {
    "busy_slots", "growth_figure", "launched_sweep", "measured", "memory_of_workers", "plain_grammar", "plain_loop",
    "scheduling_figure", "sides", "simulated_slots", "sleeping_packs",
}  # fmt: skip
"""Parts of benchmarks; all other files are commands."""
COMMANDS = sorted({path.stem for path in BENCHMARKS.glob("*.py")} - PARTS)


@pytest.mark.slow
@pytest.mark.parametrize("name", COMMANDS)
def test_help_says_how_it_is_run(load, monkeypatch, capsys, name):
    monkeypatch.setattr("sys.argv", [f"{name}.py", "--help"])
    with pytest.raises(SystemExit) as ended:
        load(name).main()
    assert ended.value.code == 0
    assert f"python benchmarks/{name}.py" in capsys.readouterr().out


def test_parsing_says_the_same_faster(measure):
    (row,) = measure("parsing", "--layers", "3", "--strings", "512", "--rounds", "3")["rows"]
    assert 0.5 < row["valid"] < 0.99
    assert row["ratio"] == pytest.approx(row["plain_us_per_string"] / row["ours_us_per_string"])
    assert row["ratio"] > 2


def test_string_metrics_say_the_same_faster(measure):
    (row,) = measure("string_metrics", "--train-size", "512", "--samples", "100", "--rounds", "3")["rows"]
    assert 0 < row["copies"] < 0.5
    assert row["ratio"] == pytest.approx(row["plain_ms_per_member"] / row["ours_ms_per_member"])
    assert row["ratio"] > 1


def test_string_metrics_that_differ_are_noticed(load, monkeypatch):
    benchmark = load("string_metrics")
    ours = benchmark.string_metrics
    monkeypatch.setattr(benchmark, "string_metrics", lambda *of: ours(*of) | {"hamming": 1.23})
    with pytest.raises(AssertionError, match="hamming"):
        benchmark.measure(64, 16, 1)


def test_belief_propagation_says_the_same(measure):
    rows = measure("belief_propagation", "--layers", "2", "3", "--strings", "16", "--rounds", "1")["rows"]
    assert [row["layers"] for row in rows] == [2, 3]
    assert all(row["plain_ms_per_string"] > 0 and row["ours_ms_per_string"] > 0 for row in rows)


@pytest.mark.parametrize("wrong", [0, 3])
def test_a_parser_that_says_something_else_is_noticed(load, monkeypatch, wrong):
    parsing = load("parsing")
    parse = parsing.PlainParser.parse

    def altered(self, strings):
        classes, validity = parse(self, strings)
        classes[wrong] += 1
        return classes, validity

    monkeypatch.setattr(parsing.PlainParser, "parse", altered)
    with pytest.raises(AssertionError):
        parsing.measure(3, 8, 1)


@pytest.mark.slow
def test_steps_and_evaluation(measure):
    words = ("--width", "8", "16", "--precision", "float32", "--members", "2", "--steps", "2", "--rounds", "1")
    first, second = measure("steps_and_evaluation", *words, "--evaluate", "16", "--samples", "4")["rows"]
    for row in (first, second):
        assert row["step_ratio"] == pytest.approx(row["plain_ms_per_step"] / row["ours_ms_per_step"])
    assert "evaluation_ratio" not in first
    assert second["evaluation_ratio"] == pytest.approx(
        second["plain_s_per_evaluation"] / second["ours_s_per_evaluation"]
    )


@pytest.mark.slow
def test_sampling(measure):
    words = ("--width", "8", "--precision", "bf16", "--members", "2", "--samples", "4", "--rounds", "1")
    (row,) = measure("sampling", *words)["rows"]
    assert row["ratio"] == pytest.approx(row["plain_s"] / row["ours_s"])


def test_the_network_is_asked_about_as_many_strings_as_expected(measure):
    rows = measure("asked_strings", "--timesteps", "20", "--layers", "2", "--samples", "2000")["rows"]
    assert [row["asked"] for row in rows] == pytest.approx([row["expected"] for row in rows], abs=0.01)
    assert [row["process"] for row in rows] == ["uniform", "uniform", "masked", "gaussian"]
    assert rows[-1]["asked"] == 1


@pytest.mark.slow
def test_growth_and_its_figure(measure, tmp_path):
    words = ("--axis", "members", "layers", "--most", "2", "--steps", "1", "--rounds", "1", "--members", "2")
    small = ("--set", "model.width=8", "diffusion.timesteps=4", "evaluation.num_samples=4")
    record = measure("growth", *words, *small, "--figure", str(tmp_path / "growth.png"))
    assert [(row["axis"], row["value"], row["members"]) for row in record["rows"]] == [
        ("members", 1, 1), ("members", 2, 2), ("layers", 2, 2),
    ]  # fmt: skip
    assert len(record["notes"]) == 2
    assert (tmp_path / "growth.png").read_bytes().startswith(b"\x89PNG")


def test_packing_pays_until_a_larger_pack_gains_little(load):
    costs = {1: 10.0, 2: 6.0, 4: 5.1, 8: 5.0, 16: 5.6}
    rows = [{"members": members, "cost": cost} for members, cost in costs.items()]
    growth = load("growth")
    assert growth.pays_until(rows, "cost") == 4
    assert growth.where_packing_stops_paying(rows, "cost") == "Per cost, packs larger than 4 gain less than 5 %."
    assert "up to the largest that was measured, 4" in growth.where_packing_stops_paying(rows[:3], "cost")


@pytest.mark.slow
def test_floors(measure):
    words = ("--width", "32", "--precision", "float32", "--members", "2", "--steps", "1", "--rounds", "2")
    (row,) = measure("floors", *words)["rows"]
    assert row["floor_ms"] == pytest.approx(row["matmul_ms"] + row["bytes_ms"])
    assert row["matmul_gflops"] * row["matmul_ms"] == pytest.approx(row["flops"] / 1e6)
    assert row["ours_by_floor"] == pytest.approx(row["ours_ms"] / row["floor_ms"])
    assert row["plain_by_floor"] > 1


@pytest.mark.parametrize("width", [16, 64])
def test_the_products_of_the_floor_are_those_of_the_graph(load, width):
    floors, sides, steps = load("floors"), load("sides"), load("steps_and_evaluation")
    config = sides.seeded(steps.trial(width, "float32", 1), 0)
    products = floors.forward_products(config, 4)
    assert sum(one.flops for one in products) == 4 * model_cost(config).forward_flops
    assert all(one.flops == part.flops for one in products for part in (one.of_input, one.of_weight))


def test_without_a_gpu_gpu_steps_says_so(load, monkeypatch, capsys):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    load("gpu_steps").main([])
    assert capsys.readouterr().out == "There is no GPU here: nothing is measured.\n"


@pytest.mark.slow
def test_gpu_steps_on_a_cpu(measure):
    words = (
        "--device",
        "cpu",
        "--width",
        "8",
        "--precision",
        "bf16",
        "--members",
        "2",
        "--steps",
        "2",
        "--rounds",
        "1",
    )
    record = measure("gpu_steps", *words)
    (row,) = record["rows"]
    assert row["eager_ratio"] == pytest.approx(row["eager_per_s"] / row["plain_per_s"])
    assert 0 < row["matmul_share"] < row["floor_share"]
    assert "graph_per_s" not in row  # a CPU has none
    assert record["notes"][0].startswith("Trained on a CPU")


@pytest.mark.long
def test_member_memory(measure):
    words = ("--width", "64", "--members", "1", "9", "--steps", "1", "--samples", "8", "--cold")
    (row,) = measure("member_memory", *words)["rows"]
    assert row["member_by_estimate"] == pytest.approx(row["member_mib"] / row["estimate_mib"])
    assert 100 < row["process_mib"] < 2000
    assert 100 < row["plain_process_mib"] < 2000


@pytest.mark.slow
def test_checkpoint_cost(measure):
    (row,) = measure("checkpoint_cost", "--width", "32", "--members", "2", "--rounds", "1")["rows"]
    assert row["ours_mib"] == pytest.approx(row["plain_mib"], rel=0.3)  # both hold weights and two moments
    assert row["save_in_steps"] == pytest.approx(row["ours_save_ms"] / row["step_ms"])


@pytest.mark.slow
def test_the_help_is_timed(measure):
    record = measure("startup", "--only-help", "--rounds", "1")
    times, imports = record["notes"]
    assert times.startswith("rhm-sweep --help: ")
    assert "rhm_sweeps" in imports


@pytest.mark.long
def test_bookkeeping(measure):
    (row,) = measure("bookkeeping", "--trials", "2", "--steps", "2")["rows"]
    assert (row["packs"], row["points"]) == (2, 4)
    assert min(row["ledger_s"], row["writer_s"], row["view_s"]) > 0
    parts = row["ledger_s"] + row["writer_s"] + row["view_s"]
    assert row["share"] == pytest.approx(parts / row["training_s"])
    assert row["waiting_share"] > 0


@pytest.mark.long
def test_small_sweep(measure):
    (row,) = measure("small_sweep", "--cold", "--trials", "2", "--steps", "1")["rows"]
    assert row["ratio"] == pytest.approx(row["plain_s"] / row["ours_s"])
    assert 0 < row["until_trained_s"] < row["ours_s"]
    assert row["plain_test_loss"] == pytest.approx(row["ours_test_loss"], rel=0.2)


@pytest.mark.long
def test_startup(measure):
    _, warm = measure("startup", "--rounds", "1")["rows"]
    stages = [warm[name] for name in ("planned_s", "ray_and_worker_s", "pack_to_metric_s")]
    assert min(stages) > 0
    assert warm["first_metric_s"] == pytest.approx(sum(stages))
    assert warm["first_metric_s"] < warm["to_report_s"]
    assert warm["ratio"] == pytest.approx(warm["plain_first_metric_s"] / warm["first_metric_s"])
