"""The kinds of objects: one file each, found by its name (`core/config_map.py`, `policy/pod_disruption_budget.py`).

A kind is a value, `definition = Definition(…)` (`definition.py`), which its module assigns: names, verbs and subresources, defaults, rules,
hooks, columns. Nothing else in the server knows a kind by its name.

* `strategy.py` is the engine that runs a definition, the same for built-in and custom resources. A create runs: defaults; the status is
  reset and the generation begun; `prepare_create`; the rules. An update runs: defaults; what this way of writing may not change is taken
  from the old object (a status subresource writes the status alone, the resource everything else); `prepare_update`; the generation is
  counted; the rules.
* Objects are in canonical form when hooks and rules see them: what is a struct in Go is there, empty where it was not set; an optional
  text or number that is zero is absent. A list or map is absent (or null) where it is nil to Go, and `[]` or `{}` where it is empty: write
  `not x` for Go's `len(x) == 0`, and `x is None` for `x == nil`. What was stored has no empty ones, as protobuf makes them nil.
* Rules are data (`rootspan_apiserver.rules` has the language). Upstream's functions decide the order of errors: `ValidateFooUpdate` begins
  with what changed or ends with it (`UpdateOrder`), and some kinds check no metadata of their own (`name_rule=None`).
* `builtin.py` finds the definitions in the packages of the groups; `catalogue.py` is the registry of what is served, of all versions, built
  in and custom; `resource.py` is one of its entries. `custom/` makes definitions of CustomResourceDefinitions.
* A kind of several versions (`also_served`) has rules, defaults and columns for the stored one alone, and converts the others.

To write a kind: its file, with the upstream sources at the end of the docstring, and a table of rows in
`tests/apiserver/resources/<group>/test_<kind>.py` in which each rule refuses something.
"""
