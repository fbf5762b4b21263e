"""How fast reviews are read: documents per second and peak memory, on generated documents of about 6 kB.

Run: python bench/bench_extraction.py [--documents 1000] [--profile]
The documents are made from a fixed seed, half in English and half in Chinese. One process, one core.
"""

import argparse
import cProfile
import pstats
import random
import resource
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from contracts.readings import Document
from tasks.extraction import read_review

SIZE = 6_000
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


def measure(documents: list[Document]) -> float:
    start = time.process_time()
    for document in documents:
        read_review(document, source="bench")
    return time.process_time() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=1000)
    parser.add_argument("--profile", action="store_true")
    options = parser.parse_args()
    documents = [Document(f"{seed}.txt", write_review(seed)) for seed in range(options.documents)]
    size = sum(len(d.content) for d in documents) / len(documents)
    start = time.process_time()
    figures = sum(
        read_review(d, source="bench", published=datetime(2025, 6, 5, tzinfo=UTC)).figures.height for d in documents[:2]
    )
    print(f"start-up (both languages): {time.process_time() - start:.2f} s; {figures / 2:.0f} figures each")
    for count in (10, options.documents):
        seconds = measure(documents[:count])
        speed = f"{seconds / count * 1000:.2f} ms each, {count / seconds:,.0f} per second"
        print(f"{count:5d} documents of {size:,.0f} bytes: {speed}")
    print(f"peak memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB")
    if options.profile:
        profile = cProfile.Profile()
        profile.runcall(measure, documents[:100])
        pstats.Stats(profile).sort_stats("tottime").print_stats(25)


if __name__ == "__main__":
    main()
