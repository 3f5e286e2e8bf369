"""The estimate of what an expression costs at most."""

import pytest

from rootspan_apiserver.rules.cel.checking import compiled
from rootspan_apiserver.rules.cel.costs import GREATEST
from rootspan_apiserver.rules.cel.environment import base_environment
from rootspan_apiserver.rules.cel.estimated_cost import estimated_cost
from rootspan_apiserver.rules.cel.schema_types import DeclaredTypes, schema_type
from rootspan_apiserver.rules.cel.size_knowledge import SchemaSizes
from tests.apiserver.rules.cel.schemas import SCHEMA

_SELF = schema_type(SCHEMA, "selfType1", is_resource_root=True)
assert _SELF is not None
_ENVIRONMENT = base_environment().extended({"self": _SELF.type, "oldSelf": _SELF.type}, DeclaredTypes(_SELF))
_SIZES = SchemaSizes(_SELF)
_COSTS = (
    ("self.s.contains(self.s2)", 1258296),
    ("self.s2.replace('a','bb').size() > 1", 629150),
    ("self.s2.replace('','bb').size() > 1 && self.s2.replace('','b').contains('x')", 1887444),
    ("self.s.replace(self.s2,self.s2).contains('ccccccccccccccccccccccccc')", 38692457),
    ("self.s2.split(',').all(x, x.contains('aa'))", 13212053),
    ("self.s2.split(',', 3).all(x, x.contains('aa'))", 629161),
    ("self.s2.split(',', -1).size() > 0", 629150),
    ("self.l.join(self.s).contains('zzz')", 56),
    ("self.l.map(x, x + 'aaaaaaaaaaaaaaaaaaaaaa').join(',').contains('zzzzzzzzzzzzzzzzzzzzzzz')", 7378697629483821159),
    ("(self.s + self.s2).matches('aaaaaaaaaaaaaaaaaa')", 1887466),
    ("self.l.all(x, self.l.all(y, x != y))", 208),
    ("self.l.all(x, self.li.exists(y, y > 1) || x == 'a')", 193),
    ("self.m.all(k, k.contains('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'))", 23),
    ("self.ms.all(k, self.ms[k].contains('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'))", 78),
    (
        "self.ms.all(k, v, v.contains('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa') && k.contains('bbbbbbbbbbbbbbbbbbb'))",
        68,
    ),
    ("self.o.deep.y.map(e, e.k).filter(k, k.startsWith('aaaa')).size() > 2", 115),
    ("self.o.deep.y.filter(e, e.v > 1).all(e, e.k.contains('aaaaaaaaaaaaaaaaaaaaaa'))", 16602069666338597455),
    ("[self.s, self.s2].all(x, x.contains('aaaaaaaaaaaaaaaaaaaaa'))", 23),
    ("{'a': self.s}.all(k, k == 'a')", 37),
    ("{'a': self.s, 'bb': self.s}.all(k, v, v.contains('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'))", 43),
    ("(self.b ? self.l : ['a']).all(x, x.contains('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'))", 33),
    ("(self.l + ['abc']).all(x, x.contains('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'))", 38),
    ("(self.l + self.l).map(x, x.size()).sum() > 1", 167),
    ("self.l.map(x, [x]).map(y, y[0]).all(z, z.contains('aaaaaaaaaaaaaaaaaaaaaaaaaa'))", 230),
    ("self.l.transformList(i, v, v).all(z, z.contains('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'))", 99),
    ("self.l.sortBy(x, x)[0] == 'a'", 155),
    ("self.l.sortBy(x, x.size()).size() == 1", 158),
    ("self.l.distinct().size() == 1 && self.ll.flatten().size() == 9 && self.l.sort().size() == 1", 151),
    ("self.l.slice(1,3).size() == 2 && lists.range(5).size() == 5", 35),
    ("self.l.reverse().all(x, x == 'aaaaaaaaaaaaaaaaa')", 39),
    ("sets.contains(self.l, self.l) && sets.equivalent(self.l, ['a','b'])", 63),
    ("self.?s.orValue('').contains('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa')", 7378697629483821059),
    ("self.?s.optMap(x, x + 'a').orValue('').contains('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa')", 9223372036854776339),
    ("self.l[?0].orValue('a').contains('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa')", 7378697629483821060),
    ("self.l.first().value().contains('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa')", 9223372036854776324),
    ("ip(self.s) == ip(self.s2)", 314582),
    (
        "cidr(self.s).containsIP(self.s2) && cidr(self.s).containsCIDR(self.s2) && cidr(self.s).containsIP(ip(self.s))",
        629189,
    ),
    ("url(self.s2).getHost().contains('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa')", 7378697629484135632),
    ("url(self.s2) == url(self.s)", 314585),
    ("quantity(self.s).add(quantity('1')).isGreaterThan(quantity(self.s))", 15),
    ("semver(self.s2).isLessThan(semver('1.0.0'))", 314577),
    ("format.dns1123Label().validate(self.s2).hasValue()", 10066340),
    ("format.named('x').value() == format.uuid()", 10),
    ("self.s2.lowerAscii().upperAscii().trim().substring(1).contains('aaaa')", 1572867),
    ("self.s2.find('aaaaaaaaaaaaaa').contains('bbbbbbbbbbbbbbbb')", 1887440),
    ("self.s2.findAll('aaaaaaaaaaaaaa').all(x, x == 'a')", 13841199),
    ("self.by + b'aa' == b'a'", 5),
    ("string(self.by) == 'aaaaaaaaaaaaaaaaaaaaaaaa'", 4),
    ("bytes(self.s2).size() > 1", 314577),
    ("strings.quote(self.s2).contains('a')", 943721),
    ("'%s %s'.format([self.s, self.s2]).size() > 1", 17),
    ("self.s2.format([]).size() > 1", 314587),
    ("dyn(self.s2).contains('aaaaaaaaaaaaaaaaaaaa')", 629149),
    ("dyn(self.l).all(x, x.contains('a'))", 24),
    ("self.ios == 'aaaaaaaaaaaaaaa' || string(self.ios).contains('bbbbbbbbbbbbbbbbbb')", 18),
    ("self.e.contains('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa')", 8),
    ("self.t < self.t && self.d == self.d && self.t.getFullYear() > 1", 17),
    ("self.er.metadata.name.contains('aaaaa')", 314577),
    ("self.metadata == self.metadata", 4),
    ("self == oldSelf", 2),
    ("self.o == oldSelf.o && self.l == oldSelf.l", 9),
    ("self.l.exists_one(x, x.matches('a+b+c+d+'))", 49),
    (
        "self.l.isSorted() && self.l.max() == 'a' && self.li.sum() > 1 && self.l.indexOf('a') > 1 && self.s.indexOf('a') > 1",
        68,
    ),
    ("type(self.s) == string && type(self.l) == list", 8),
    ("has(self.o.deep.y) && !has(self.s)", 5),
    ("self.l.all(x, has(self.s) && x in self.l)", 63),
    ("self.i in [1,2,3] && 'a' in self.m && self.s in ['a','b','cccccccccccccccccccc']", 33),
    ("self.l.map(x, {'a': x}).all(m, m.a.contains('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'))", 18446744073709551615),
    ("[[self.s2]].all(x, x.all(y, y.contains('aaaa')))", 28),
    ("[1,2,3].map(x, x * 2).map(y, string(y)).join(',').size() > 1", 1844674407370955382),
    ("[].all(x, true) && {}.all(k, true)", 42),
    ("self.m.transformMap(k, v, string(v)).all(k, v, v == 'aaaaaaaaa')", 79),
    ("self.m.map(k, k).join(',').size() > 4", 1844674407370955344),
    ("self.l.all(x, x.size() > 0)", 33),
    ("self.s.matches('a+')", 7),
    ("self.li.sum() == 1", 8),
    ("self.l.all(i, v, i > 0 && v == 'a')", 38),
)


@pytest.mark.parametrize(("text", "cost"), _COSTS, ids=[row[0] for row in _COSTS])
def test_estimated_cost_is_that_of_kube_apiserver(text: str, cost: int) -> None:
    """The numbers are those by which a real kube-apiserver refuses a rule that is evaluated too often."""
    assert estimated_cost(compiled(text, _ENVIRONMENT), _ENVIRONMENT, _SIZES).greatest == cost


def test_estimate_without_sizes_has_no_bound() -> None:
    """A loop over a list of unknown length may cost anything."""
    checked = compiled("self.l.all(x, x.contains('a'))", _ENVIRONMENT)
    assert estimated_cost(checked, _ENVIRONMENT).greatest == GREATEST
