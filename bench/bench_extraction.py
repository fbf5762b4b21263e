"""How fast reviews are read: documents per second and peak memory, on generated documents of about 6 kB.

Run: python bench/bench_extraction.py [--documents 1000] [--profile]
The documents are made from a fixed seed, half in English and half in Chinese. One process, one core.
"""

import argparse
import cProfile
import pstats
import random
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.measure import Result, Timing, hold, measure, show
from contracts.readings import Document
from tasks.extraction import read_review

SIZE = 6_000
PUBLISHED = datetime(2025, 6, 5, tzinfo=UTC)
SMALL = ["--documents", "4"]
ENGLISH = (
    ("Cathode materials", "cathode"),
    ("Hard carbon", "hard carbon"),
    ("Electrolyte", "electrolyte"),
    ("Battery cells", "cell"),
)
CHINESE = (("一、正极材料", "正极材料"), ("二、硬碳", "硬碳"), ("三、电解液", "电解液"), ("四、电芯", "电芯"))
FILLER_ENGLISH = (
    "Plants scheduled their lines against signed contracts, and buyers worked through what they already held.",
    "A station of {a} MW took delivery of its last containers, and two tenders worth {b} million yuan were opened.",
    "Producers said that the payment terms of up to {a} days had become the main point of every negotiation.",
)
FILLER_CHINESE = (
    "企业普遍按单生产，客户以消化前期库存为主，采购节奏较为谨慎。",
    "某示范站规模约{a}MW，年内已有{b}个项目完成备案，多数仍处于前期阶段。",
    "部分厂商反映账期延长至{a}天，现金流压力有所上升。",
)


def write_section(rng: random.Random, name: str, *, is_english: bool) -> str:
    up, down, year, share, price = (rng.randint(2, 40) for _ in range(5))
    if is_english:
        facts = (
            f"In May, {name} output fell {down}% MoM but rose {year + 40}% YoY to {rng.randint(900, 9000):,} mt.",
            f"NFPP accounted for {share + 40}% of {name} output, {up} percentage points above April.",
            f"The {name} price averaged {price + 20},{rng.randint(100, 900)} yuan/mt, up {up}.5% MoM.",
            f"June {name} output is expected to increase {up}% MoM and {year}% YoY.",
        )
        filler, glue = FILLER_ENGLISH, " "
    else:
        facts = (
            f"5月{name}产量环比下降{down}%，同比增长{year + 40}%，达到{rng.randint(900, 9000)}吨。",
            f"NFPP占比{share + 40}%，环比提升{up}个百分点。",
            f"{name}均价{price + 20}{rng.randint(100, 900)}元/吨，环比上涨{up}.5%。",
            f"预计6月{name}产量环比增长{up}%，同比增长{year}%。",
        )
        filler, glue = FILLER_CHINESE, ""
    lines = []
    for fact in facts:
        lines.append(fact)
        lines += [rng.choice(filler).format(a=rng.randint(5, 90), b=rng.randint(5, 90)) for _ in range(2)]
    return glue.join(lines)


def write_review(seed: int) -> bytes:
    rng = random.Random(seed)
    is_english = seed % 2 == 0
    title = "Sodium-ion battery review, May 2025" if is_english else "钠离子电池行业回顾：2025年5月"
    text = f"{title}\n{'Published' if is_english else '发布日期'}: 2025-06-05\n\n"
    sections = ENGLISH if is_english else CHINESE
    number = 0
    while len(text.encode()) < SIZE:
        heading, name = sections[number % 4]
        text += f"{heading}\n{write_section(rng, name, is_english=is_english)}\n\n"
        number += 1
    return text.encode()


def read_all(documents: list[Document]) -> float:
    """Processor seconds of reading these."""
    start = time.process_time()
    for document in documents:
        read_review(document, source="bench", published=PUBLISHED)
    return time.process_time() - start


def read_made(count: int) -> float:
    """Processor seconds of so many, in a process that has done nothing else but read two."""
    documents = [Document(f"{seed}.txt", write_review(seed)) for seed in range(count)]
    read_all(documents[:2])
    return read_all(documents)


def measure_all(options: Sequence[str] = ()) -> Iterator[Result]:
    """A document, many, and one as long as many; by processor time. `--profile` prints where it goes."""
    asked = _parse(options)
    documents = [Document(f"{seed}.txt", write_review(seed)) for seed in range(asked.documents)]
    yield hold("start: both languages' words and rules", 2, "documents", read_all(documents[:2]))
    few = documents[: min(10, asked.documents)]
    each = read_all(few) / len(few)
    yield hold("a document of 6.7 kB, of ten", len(few), "documents", each)
    found = measure(read_made, len(documents), runs=1, warmup=0)
    many = Timing([found.result / len(documents)], found.peak_mb)
    yield hold(
        "a document of 6.7 kB, of many", len(documents), "documents", many, against=("of ten", each), target="5 ms"
    )
    if asked.profile:
        profile = cProfile.Profile()
        profile.runcall(read_all, documents[:100])
        pstats.Stats(profile).sort_stats("tottime").print_stats(25)


def _parse(options: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=300)
    parser.add_argument("--profile", action="store_true")
    return parser.parse_args(options)


if __name__ == "__main__":
    show(measure_all(sys.argv[1:]))
