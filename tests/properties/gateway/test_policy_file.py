"""Whatever a policy file holds, it is a policy or one sentence; rights are a value, whatever claims say."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.gateway.access.admission import Admission, Entrance
from services.gateway.rights.explaining import explain
from services.gateway.rights.misfits import misfits
from services.gateway.rights.policy import Policy
from services.gateway.rights.policy_file import parse
from shared.catalog import Catalog, Table
from shared.errors import ConfigurationError

CATALOG = Catalog({"t": Table("c", {"a": "number", "b": "string"}, key=("a",))})

KEYS = [
    "who",
    "roles",
    "r",
    "tables",
    "channels",
    "t",
    "*",
    "where",
    "hide",
    "mask",
    "metadata_only",
    "broadcast",
    "key",
]
OPERANDS = ["a", "b", "eq", "in", "lt", "is_null", "claims.a", "claims.", "claims.b.c", "role", "claim"]
words = st.sampled_from([*KEYS, *OPERANDS])
scalars = st.one_of(words, st.text(max_size=5), st.booleans(), st.integers(), st.floats(allow_nan=False))
values = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(words, inner, max_size=3)),
    max_leaves=12,
)
rule = st.dictionaries(
    st.sampled_from(["where", "hide", "mask", "metadata_only", "business_events", "x"]), values, max_size=3
)
role = st.dictionaries(
    st.sampled_from(["tables", "channels", "broadcast", "clients"]),
    st.one_of(values, st.dictionaries(words, rule, max_size=2)),
    max_size=3,
)
files = st.fixed_dictionaries(
    {"roles": st.one_of(values, st.dictionaries(words, role, max_size=2))}, optional={"who": values, "other": values}
)
claims = st.dictionaries(st.one_of(words, st.text(max_size=5)), values, max_size=4)


def toml(value: Any) -> str:
    """Write a value as TOML does; its texts and numbers are JSON's."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(name)} = {toml(item)}" for name, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    if isinstance(value, float):
        return repr(value) if "e" in repr(value) or "." in repr(value) else "0.0"
    return json.dumps(value)


def parsed(text: str) -> Policy | None:
    """Return the policy, None where a sentence said what is wrong."""
    try:
        return parse(text)
    except ConfigurationError as error:
        sentence = str(error)
    assert sentence.endswith("; correct it")
    return None


@given(
    st.one_of(st.text(), files.map(lambda file: "\n".join(f"{name} = {toml(item)}" for name, item in file.items()))),
    claims,
)
def test_any_file_is_a_policy_or_a_sentence(text: str, claimed: dict[str, Any]) -> None:
    policy = parsed(text)
    if policy is None:
        return
    list(misfits(policy, CATALOG))
    for name in (*policy.roles, None):
        admission = Admission("u", by=Entrance.TOKEN, claims={**claimed, policy.claim: name})
        rights = policy.rights(admission)
        assert hash(rights) == hash(policy.rights(admission))
        assert rights == policy.rights(admission)
        if rights.view is not None:
            rights.view.narrowed(CATALOG)
        assert all(explain(policy, admission, ["t", "x"], {"t": "c"}))
