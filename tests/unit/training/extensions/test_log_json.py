from __future__ import annotations

import json
import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chainer_compat.training.extensions._log_json import encode, encode_line

scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
finite = scalars.filter(lambda value: not isinstance(value, float) or math.isfinite(value))
values = st.recursive(
    finite, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=5
)
flat_logs = st.lists(st.dictionaries(st.text(max_size=5), finite, max_size=4), max_size=4)


@given(flat_logs | st.lists(values, max_size=4))
@example([{"a": "},\n        {", "b": "[{}]"}, {"c": 1}])
@example([{"a": 1}, {}])
@example([[{"a": 1}]])
@example([{"a": {"b": 1}}, 1])
def test_text_is_that_of_json_with_an_indent(log):
    assert encode(log, allow_nan=False) == json.dumps(log, indent=4)


@given(st.lists(st.dictionaries(st.text(), scalars)))
def test_what_json_lacks_is_null_unless_it_is_allowed(log):
    absent = [
        {
            name: None if isinstance(value, float) and not math.isfinite(value) else value
            for name, value in entry.items()
        }
        for entry in log
    ]

    assert encode(log, allow_nan=False) == json.dumps(absent, indent=4)
    assert encode(log, allow_nan=True) == json.dumps(log, indent=4)
    for entry, without in zip(log, absent, strict=True):
        assert encode_line(entry, allow_nan=False) == json.dumps(without)


def test_what_is_no_json_is_a_type_error():
    with pytest.raises(TypeError, match="set"):
        encode([{"a": {1}}], allow_nan=False)
