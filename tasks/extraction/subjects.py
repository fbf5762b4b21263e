"""Whose figure a number is: the name in its clause, after it, before it, or of its section."""

from tasks.extraction.clauses import Clause
from tasks.extraction.lexicon import Node
from tasks.extraction.sentence import Sentence, first_roles
from tasks.extraction.statements import FOREIGN, UNKNOWN, Nodes
from tasks.extraction.tokens import Token

_LINKS = frozenset({"in", "of", "share_verb", "level", "metric"})


class SubjectFinder(Sentence):
    """Finds segments and products, and tells where a clause speaks of another thing."""

    def _own_subject(self, clause: Clause) -> Nodes | None:
        """The subject that a clause names for itself; FOREIGN or UNKNOWN where it names another thing."""
        tokens = clause.tokens
        first_number = next((i for i, t in enumerate(tokens) if t.number is not None), len(tokens))
        head = tokens[:first_number]
        subjects = [i for i, t in enumerate(head) if "subject" in t.roles]
        if self.state.is_elsewhere or any("foreign" in t.roles for t in head) or self._is_other_kind(head):
            return FOREIGN
        strong = [i for i in subjects if not self._is_agent(head, i)]
        if strong or (subjects and not self.state.is_strong):
            position = self._pick_subject(head, strong or subjects)
            if self._has_unknown_metric(head, position):
                return UNKNOWN
            if strong:
                self.state.is_strong = True
            return self._nodes(head[position])
        if subjects:
            return None
        if self._has_unknown_metric(head, -1) or self._has_unknown_head(clause, head):
            return UNKNOWN
        return None

    def _is_other_kind(self, head: list[Token]) -> bool:
        """Whether the name is narrowed to a kind of no chain, or acted on by a company: "bamboo-based hard carbon"."""
        for i, token in enumerate(head[:-1]):
            if "made_of" in token.roles and "subject" in head[i + 1].roles:
                return not (i and "subject" in head[i - 1].roles)
        if head and "acronym" in head[0].roles:
            verb = next((i for i, t in enumerate(head) if "change" in t.roles), len(head))
            return not any("subject" in t.roles for t in head[:verb])
        return False

    def _pick_subject(self, head: list[Token], subjects: list[int]) -> int:
        """Of several names before the number the one that the metric belongs to, else a product, else the last."""
        if len(subjects) == 1:
            return subjects[0]
        if self._has_share(head):
            share = next(i for i, t in enumerate(head) if "share_verb" in t.roles or "share_noun" in t.roles)
            products = [i for i in subjects if any(product for _, product in self._nodes(head[i]))]
            near = [i for i in products if i < share] or products
            if near:
                return near[-1] if near[-1] < share else near[0]
        metric = next((i for i, t in enumerate(head) if "metric" in t.roles), None)
        if metric is not None:
            before = [i for i in subjects if i == metric - 1]
            after = [i for i in subjects if i > metric and "of" in head[i - 1].roles]
            if after and after[0] - metric <= 3:
                return after[0]
            if before:
                return before[0]
            return min(subjects, key=lambda i: abs(i - metric))
        return subjects[-1]

    def _has_unknown_metric(self, head: list[Token], subject: int) -> bool:
        """Whether the metric is that of a thing no chain names: "phone shipments", "sales of scooters"."""
        for i, token in enumerate(head):
            if "metric" not in token.roles:
                continue
            if i and i - 1 != subject and self._is_noun(head[i - 1]) and i - 1 > subject:
                return True
            of_other = i + 2 < len(head) and "of" in head[i + 1].roles and self._is_noun(head[i + 2])
            if subject < 0:
                return of_other
            return of_other and subject > i + 3
        return False

    def _has_unknown_head(self, clause: Clause, head: list[Token]) -> bool:
        """Whether a clause that names neither subject nor metric starts with a noun of its own before its verb."""
        if not any(t.number is not None and t.number.unit not in {"", "other"} for t in clause.tokens):
            return False
        if any("metric" in t.roles or "share_noun" in t.roles for t in head):
            return False
        seen = False
        for token in head:
            roles = token.roles
            if self._is_noun(token):
                seen = True
            elif roles.keys() & {"change", "level", "share_verb", "modal", "compare", "basis", "averages"}:
                return seen
            elif roles.keys() & {"in", "by", "of", "period"} and not seen:
                return False
        return False

    def _subject_for(self, clause: Clause, position: int, before: int, after: int) -> tuple[Nodes | None, str]:
        """Subject of the number at `position` and where it was found."""
        tokens = clause.tokens
        number = tokens[position].number
        if number is not None and "subject" in number.labels:
            return number.labels["subject"], "list"
        left = tokens[before:position]
        own = [i for i, t in enumerate(left) if "subject" in t.roles and not self._is_agent(left, i)]
        right = tokens[position + 1 : after]
        part = self._part_named_after(left, right)
        if part is not None:
            return part, "right"
        if any("foreign" in t.roles for t in left):
            return FOREIGN, "own"
        if own:
            if before == 0 and self.state.subject in {UNKNOWN, FOREIGN}:
                return self.state.subject, "own"
            return self._nodes(left[self._pick_subject(left, own)]), "own"
        linked = self._linked_right(right)
        if linked is not None and (before or not any("subject" in t.roles for t in left)):
            return linked, "right"
        if self.state.subject is not None:
            return self.state.subject, "carried"
        found = self._context_subject()
        return (found, "context") if found is not None else (self._subject_ahead(), "ahead")

    def _part_named_after(self, left: list[Token], right: list[Token]) -> Nodes | None:
        """The product whose share comes first: "two thirds of cathode output was NFPP", 产量的四分之三为NFPP."""
        if self._is_changed(left) or any(p for t in left for _, p in t.roles.get("subject", ())):
            return None
        for i, token in enumerate(right[:-1]):
            if token.roles.keys() & {"level", "share_verb"} and "of" not in token.roles:
                nodes: Nodes = right[i + 1].roles.get("subject", frozenset())
                return nodes if any(p for _, p in nodes) else None
            total = "subject" in token.roles and not any(p for _, p in self._nodes(token))
            if not total and not token.roles.keys() & {"of", "metric", "whole", "chain", "industry"}:
                return None
        return None

    def _linked_right(self, right: list[Token]) -> Nodes | None:
        """The name after the number that it belongs to: "a 3 % MoM drop in cathode output", "6 % for NFS"."""
        for i, token in enumerate(right):
            roles = token.roles
            if roles.keys() & {"foreign"}:
                linked = any(t.roles.keys() & {"in", "of"} for t in right[:i])
                return FOREIGN if linked and not any("metric" in t.roles for t in right[:i]) else None
            if "subject" in roles:
                if self._is_agent(right, i) and self.state.metric not in {"operating_rate", "inventory"}:
                    return None
                linked = i == 0 or not _LINKS.isdisjoint(right[i - 1].roles)
                linked = linked or (self.state.is_share and "from" in right[i - 1].roles)
                whole = any("of" in t.roles or "whole" in t.roles for t in right[:i])
                if self.state.is_share and whole and not any(p for _, p in self._nodes(token)):
                    continue
                return self._nodes(token) if linked else None
            if roles.keys() & {"clause", "unknown"} and "in" not in roles:
                return None
        return None

    def _subject_ahead(self) -> Nodes | None:
        """The subject named only after the numbers: "A fall of 12 %: that is the balance of cathode output"."""
        for clause in self.clauses[self.index + 1 :]:
            if clause.has("subject") and not any(t.number is not None for t in clause.tokens):
                found = self._own_subject(clause)
                return None if found in (FOREIGN, UNKNOWN) else found
        return None

    def _product_ahead(self) -> Nodes | None:
        """The product named in the next clause: "With 79 % of output, NFPP stayed ahead"."""
        if self.index + 1 >= len(self.clauses):
            return None
        for token in self.clauses[self.index + 1].tokens:
            if token.number is not None:
                return None
            if any(p for _, p in token.roles.get("subject", ())):
                return self._nodes(token)
        return None

    def _context_subject(self) -> Nodes | None:
        context = self.context
        if context.subject is not None:
            return context.subject
        if context.last is not None and (context.section is None or context.is_section_mixed):
            return context.last
        if context.last is not None and self.clauses and "pronoun" in first_roles(self.clauses[0].tokens):
            return context.last
        return context.section

    def _choose_node(self, nodes: Nodes, *, unit: str, metric: str, hint: str = "") -> Node | None:
        """One node of those that a name can stand for, by the segment said, the section, and the unit."""
        if not nodes or nodes in (FOREIGN, UNKNOWN):
            return None
        chain = self.lexicon.chain
        order = [s.name for s in chain.segments]
        section = {s for s, _ in self.context.section or ()}
        parent = {s for s, _ in self.context.parent or ()}
        current = {s for s, _ in self.state.subject or ()}

        def rank(node: Node) -> tuple[bool, ...]:
            units = next(s.units for s in chain.segments if s.name == node[0])
            fits = not unit or metric not in units or _family(units[metric]) == _family(unit)
            fits = fits and not (unit and metric not in units)
            return (
                not fits,
                node[0] != hint,
                len(section) == 1 and node[0] not in section,
                len(parent) == 1 and node[0] not in parent,
                node[0] not in current,
            )

        best = min(nodes, key=lambda node: (rank(node), order.index(node[0]), node[1]))
        segment = chain.segment(best[0])
        if not best[1] and segment.default_product:
            return best[0], segment.default_product
        return best

    def _default_metric(self, subject: Nodes) -> str:
        for segment in self.lexicon.chain.segments:
            if any(segment.name == name for name, _ in subject) and len(segment.units) == 1:
                return next(iter(segment.units))
        return "production"


def _family(unit: str) -> str:
    return "energy" if unit in {"MWh", "GWh"} else unit
