"""A threshold's typo in one definition leaves that chain out of a run, and no other."""

from types import SimpleNamespace

from contracts.chain import load_chain
from contracts.errors import UsageError
from flows.run import prefect_tasks


def test_a_typo_in_a_threshold_leaves_out_its_chain_alone(monkeypatch, tmp_path):
    (tmp_path / "glass.toml").write_text(
        'title = "Glass"\nnames = { en = ["glass"] }\n'
        'calendar = { time_zone = "Asia/Shanghai", publication_day = 5, grace_business_days = 5 }\n'
        "[thresholds.forecast_miss]\nlevel_pt = 5.0\n"
        '[[segment]]\nname = "float"\ntitle = "Float"\nnames = { en = ["float"] }\n',
        encoding="utf-8",
    )
    both = {"glass": load_chain("glass", tmp_path), "sodium_ion": load_chain("sodium_ion")}
    absent = {"gone": UsageError("unknown chain 'gone'")}
    monkeypatch.setattr(prefect_tasks, "find_chains", lambda lake, folder: (both, absent))
    monkeypatch.setattr(prefect_tasks, "open_lake", lambda lake: lake)
    request = SimpleNamespace(lake="", chains_folder=tmp_path, hints=SimpleNamespace(chain=""))
    assert set(prefect_tasks._load_chains(request, "")) == {"sodium_ion"}
    gone, glass = prefect_tasks.list_lost_chains(request)
    assert gone.startswith("chain gone is left out: unknown chain 'gone'")
    assert glass.startswith("chain glass is left out: ")
    assert 'unknown threshold "level_pt"' in glass
