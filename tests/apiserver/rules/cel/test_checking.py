"""The type checker of CEL: what it accepts, and the words with which kube-apiserver refuses what does not fit."""

import pytest

from rootspan_apiserver.rules.cel.checking import compiled
from rootspan_apiserver.rules.cel.environment import base_environment
from rootspan_apiserver.rules.cel.errors import CELSyntaxError
from rootspan_apiserver.rules.cel.schema_types import DeclaredTypes, schema_type
from rootspan_apiserver.rules.cel.types import INT, STRING, list_of, map_of
from tests.apiserver.rules.cel.schemas import SCHEMA

_SELF = schema_type(SCHEMA, "selfType1", is_resource_root=True)
assert _SELF is not None
_ENVIRONMENT = base_environment().extended({"self": _SELF.type, "oldSelf": _SELF.type}, DeclaredTypes(_SELF))
_REFUSED = (
    ("self.s == 1", [(7, "found no matching overload for '_==_' applied to '(string, int)'")]),
    ("self.s + self.i", [(7, "found no matching overload for '_+_' applied to '(string, int)'")]),
    ("self.nope", [(4, "undefined field 'nope'")]),
    ("self.o.nope == 1", [(6, "undefined field 'nope'")]),
    ("nope", [(0, "undeclared reference to 'nope' (in container '')")]),
    ("nope()", [(4, "undeclared reference to 'nope' (in container '')")]),
    ("self.nope()", [(9, "undeclared reference to 'nope' (in container '')")]),
    ("self.s.nope()", [(11, "undeclared reference to 'nope' (in container '')")]),
    ("self.s.startsWith(1)", [(17, "found no matching overload for 'startsWith' applied to 'string.(int)'")]),
    (
        "self.s.startsWith('a', 'b')",
        [(17, "found no matching overload for 'startsWith' applied to 'string.(string, string)'")],
    ),
    ("self.i + 1.0 > 2", [(7, "found no matching overload for '_+_' applied to '(int, double)'")]),
    ("self.i + 1u == 2", [(7, "found no matching overload for '_+_' applied to '(int, uint)'")]),
    ("1u + self.n == 1", [(3, "found no matching overload for '_+_' applied to '(uint, double)'")]),
    ("self.l[0] == 1", [(10, "found no matching overload for '_==_' applied to '(string, int)'")]),
    ("self.l['a'] == 'a'", [(6, "found no matching overload for '_[_]' applied to '(list(string), string)'")]),
    ("self.m[1] == 1", [(6, "found no matching overload for '_[_]' applied to '(map(string, int), int)'")]),
    ("self.m.a.b == 1", [(8, "type 'int' does not support field selection")]),
    ("self.o['x'] == 1", [(6, "found no matching overload for '_[_]' applied to '(selfType1.o, string)'")]),
    ("self['s'] == 'a'", [(4, "found no matching overload for '_[_]' applied to '(selfType1, string)'")]),
    ("self.s[0] == 'a'", [(6, "found no matching overload for '_[_]' applied to '(string, int)'")]),
    ("self.i.x", [(6, "type 'int' does not support field selection")]),
    ("self.b.x == 1", [(6, "type 'bool' does not support field selection")]),
    ("has(self.nope)", [(3, "undefined field 'nope'")]),
    ("has(self.s.x)", [(3, "type 'string' does not support field selection")]),
    ("self.o.a-b == 1", [(6, "undefined field 'a'"), (9, "undeclared reference to 'b' (in container '')")]),
    ("self.l.all(x, x == 1)", [(16, "found no matching overload for '_==_' applied to '(string, int)'")]),
    ("self.l.all(x, x)", [(14, "expected type 'bool' but found 'string'")]),
    ("self.l.map(x, x + 1)", [(16, "found no matching overload for '_+_' applied to '(string, int)'")]),
    (
        "self.l.filter(x, x.size())",
        [(13, "found no matching overload for '_?_:_' applied to '(int, list(string), list(string))'")],
    ),
    (
        "self.l.filter(x, x.size() > 1) == 1",
        [(31, "found no matching overload for '_==_' applied to '(list(string), int)'")],
    ),
    ("self.l.exists(x, x == 'a') && self.s", [(34, "expected type 'bool' but found 'string'")]),
    ("self.s && self.b", [(4, "expected type 'bool' but found 'string'")]),
    ("self.s || 1", [(4, "expected type 'bool' but found 'string'"), (10, "expected type 'bool' but found 'int'")]),
    ("!self.s", [(0, "found no matching overload for '!_' applied to '(string)'")]),
    ("-self.s == 1", [(0, "found no matching overload for '-_' applied to '(string)'")]),
    ("-self.b", [(0, "found no matching overload for '-_' applied to '(bool)'")]),
    ("self.b ? 1 : 'a'", [(7, "found no matching overload for '_?_:_' applied to '(bool, int, string)'")]),
    ("self.s ? true : false", [(7, "found no matching overload for '_?_:_' applied to '(string, bool, bool)'")]),
    ("self.b ? self.i : self.n", [(7, "found no matching overload for '_?_:_' applied to '(bool, int, double)'")]),
    ("(self.b ? 1 : 2) == 'a'", [(17, "found no matching overload for '_==_' applied to '(int, string)'")]),
    ("[1, 'a'] == []", [(4, "expected type 'int' but found 'string'")]),
    ("[1, 2.0] == []", [(4, "expected type 'int' but found 'double'")]),
    ("[1, null] == []", [(4, "expected type 'int' but found 'null'")]),
    ("[self.s, null] == []", [(9, "expected type 'string' but found 'null'")]),
    ("{'a': 1, 'b': 'c'} == {}", [(14, "expected type 'int' but found 'string'")]),
    ("{'a': 1, 2: 3} == {}", [(9, "expected type 'string' but found 'int'")]),
    ("[] == {}", [(3, "found no matching overload for '_==_' applied to '(list(dyn), map(dyn, dyn))'")]),
    (
        "[[], ['a']] == [[1]]",
        [(12, "found no matching overload for '_==_' applied to '(list(list(string)), list(list(int)))'")],
    ),
    ("[1] + ['a'] == []", [(4, "found no matching overload for '_+_' applied to '(list(int), list(string))'")]),
    ("self.l + self.li == []", [(7, "found no matching overload for '_+_' applied to '(list(string), list(int))'")]),
    ("self.l in ['a']", [(7, "found no matching overload for '@in' applied to '(list(string), list(string))'")]),
    ("1 in self.l", [(2, "found no matching overload for '@in' applied to '(int, list(string))'")]),
    ("1 in self.m", [(2, "found no matching overload for '@in' applied to '(int, map(string, int))'")]),
    ("1 in 2", [(2, "found no matching overload for '@in' applied to '(int, int)'")]),
    ("size(self.i) == 1", [(4, "found no matching overload for 'size' applied to '(int)'")]),
    ("self.i.size() == 1", [(11, "found no matching overload for 'size' applied to 'int.()'")]),
    ("size(self.l) == 'a'", [(13, "found no matching overload for '_==_' applied to '(int, string)'")]),
    ("size() == 1", [(4, "found no matching overload for 'size' applied to '()'")]),
    ("size(1,2) == 1", [(4, "found no matching overload for 'size' applied to '(int, int)'")]),
    ("self.t > self.d", [(7, "found no matching overload for '_>_' applied to '(timestamp, duration)'")]),
    ("self.t == '2020'", [(7, "found no matching overload for '_==_' applied to '(timestamp, string)'")]),
    ("self.t.getFullYear() == 'a'", [(21, "found no matching overload for '_==_' applied to '(int, string)'")]),
    ("self.d.getMonth() > 1", [(15, "found no matching overload for 'getMonth' applied to 'duration.()'")]),
    ("self.by == 'a'", [(8, "found no matching overload for '_==_' applied to '(bytes, string)'")]),
    ("self.pu.q == 1", [(7, "undefined field 'q'")]),
    ("self.er.metadata.labels == {}", [(16, "undefined field 'labels'")]),
    ("self.er.spec.x == 1", [(7, "undefined field 'spec'")]),
    ("self.nu == null", [(8, "found no matching overload for '_==_' applied to '(string, null)'")]),
    ("self.s == null", [(7, "found no matching overload for '_==_' applied to '(string, null)'")]),
    ("self.i == null", [(7, "found no matching overload for '_==_' applied to '(int, null)'")]),
    ("self.l == null", [(7, "found no matching overload for '_==_' applied to '(list(string), null)'")]),
    ("type(1) == 1", [(8, "found no matching overload for '_==_' applied to '(type(int), int)'")]),
    ("type(1) == nope", [(11, "undeclared reference to 'nope' (in container '')")]),
    ("int(self.b) == 1", [(3, "found no matching overload for 'int' applied to '(bool)'")]),
    ("bool(self.i)", [(4, "found no matching overload for 'bool' applied to '(int)'")]),
    ("double(self.i) == 1", [(15, "found no matching overload for '_==_' applied to '(double, int)'")]),
    ("duration('xx') == self.d", [(9, "invalid duration argument")]),
    ("timestamp('xx') == self.t", [(10, "invalid timestamp argument")]),
    ("duration(1) == self.d", [(9, "invalid duration argument")]),
    ("self.s.matches('[')", [(15, "invalid matches argument")]),
    ("self.s.matches('(?P<x')", [(15, "invalid matches argument")]),
    ("matches('[', 'a')", [(8, "invalid matches argument")]),
    ("self.s.charAt('0') == 'a'", [(13, "found no matching overload for 'charAt' applied to 'string.(string)'")]),
    ("self.s.indexOf(1) == 1", [(14, "found no matching overload for 'indexOf' applied to 'string.(int)'")]),
    ("self.l.indexOf(1) == 1", [(14, "found no matching overload for 'indexOf' applied to 'list(string).(int)'")]),
    ("self.s.replace('a') == ''", [(14, "found no matching overload for 'replace' applied to 'string.(string)'")]),
    ("self.s.split(',').all(x, x == 1)", [(27, "found no matching overload for '_==_' applied to '(string, int)'")]),
    ("self.li.join(',') == ''", [(12, "found no matching overload for 'join' applied to 'list(int).(string)'")]),
    ("self.l.sum() == 'a'", [(10, "found no matching overload for 'sum' applied to 'list(string).()'")]),
    ("self.li.max() == 'a'", [(14, "found no matching overload for '_==_' applied to '(int, string)'")]),
    ("self.ll.sum() == 1", [(11, "found no matching overload for 'sum' applied to 'list(list(int)).()'")]),
    ("self.s.isSorted()", [(15, "found no matching overload for 'isSorted' applied to 'string.()'")]),
    (
        "'%d'.format(['a']) == ''",
        [(13, "error during formatting: decimal clause can only be used on integers, was given string")],
    ),
    ("'%s %s'.format([1]) == ''", [(14, "index 1 out of range")]),
    ("'%s'.format([1, 2]) == ''", [(11, "too many arguments supplied to string.format (expected 1, got 2)")]),
    ("'%z'.format([1]) == ''", [(11, 'could not parse formatting clause: unrecognized formatting clause "z"')]),
    (
        "'%.2f'.format([1]) == ''",
        [(15, "error during formatting: fixed-point clause can only be used on doubles, was given int")],
    ),
    (
        "'%.f'.format([1.0]) == ''",
        [
            (
                12,
                'could not parse formatting clause: error while parsing precision: error while converting precision to integer: strconv.Atoi: parsing "": invalid syntax',
            )
        ],
    ),
    ("'%'.format([1]) == ''", [(10, "unexpected end of string")]),
    (
        "'%s'.format([self]) == ''",
        [
            (
                13,
                "error during formatting: string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps, was given selfType1",
            )
        ],
    ),
    (
        "'%s'.format([self.o]) == ''",
        [
            (
                17,
                "error during formatting: string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps, was given selfType1.o",
            )
        ],
    ),
    (
        "'%s'.format([[self.o]]) == ''",
        [
            (
                18,
                "error during formatting: string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps, was given selfType1.o",
            )
        ],
    ),
    (
        "'%x %b %o %e'.format([1.0, 1.0, 1.0, 1.0]) == ''",
        [
            (
                22,
                "error during formatting: only integers, byte buffers, and strings can be formatted as hex, was given double",
            )
        ],
    ),
    (
        "'%b'.format([1.0]) == ''",
        [(13, "error during formatting: only integers and bools can be formatted as binary, was given double")],
    ),
    (
        "'%o'.format([1.0]) == ''",
        [(13, "error during formatting: octal clause can only be used on integers, was given double")],
    ),
    (
        "'%e'.format([1]) == ''",
        [(13, "error during formatting: scientific clause can only be used on doubles, was given int")],
    ),
    (
        "'%x'.format([1.0]) == ''",
        [
            (
                13,
                "error during formatting: only integers, byte buffers, and strings can be formatted as hex, was given double",
            )
        ],
    ),
    ("ip('1.2.3.4') == 1", [(14, "found no matching overload for '_==_' applied to '(net.IP, int)'")]),
    ("ip(self.ip).family() == 'a'", [(21, "found no matching overload for '_==_' applied to '(int, string)'")]),
    ("ip(1) == ip('1')", [(2, "found no matching overload for 'ip' applied to '(int)'")]),
    (
        "ip.foo(self.ip)",
        [(0, "undeclared reference to 'ip' (in container '')"), (6, "undeclared reference to 'foo' (in container '')")],
    ),
    (
        "cidr('10.0.0.0/8').containsIP(1)",
        [(29, "found no matching overload for 'containsIP' applied to 'net.CIDR.(int)'")],
    ),
    ("type(url('http://a')) == kubernetes.URL", [(25, "undeclared reference to 'kubernetes' (in container '')")]),
    ("url('http://a').getHost() == 1", [(26, "found no matching overload for '_==_' applied to '(string, int)'")]),
    ("url('http://a').x", [(15, "unexpected failed resolution of 'kubernetes.URL'")]),
    (
        "quantity('1').isGreaterThan(1)",
        [(27, "found no matching overload for 'isGreaterThan' applied to 'kubernetes.Quantity.(int)'")],
    ),
    (
        "quantity('1').add(1) == 1",
        [(21, "found no matching overload for '_==_' applied to '(kubernetes.Quantity, int)'")],
    ),
    ("quantity('1').sign() == 1", [(18, "found no matching overload for 'sign' applied to 'kubernetes.Quantity.()'")]),
    ("quantity('1').x == 1", [(13, "unexpected failed resolution of 'kubernetes.Quantity'")]),
    ("ip('1').x == 1", [(7, "type 'net.IP' does not support field selection")]),
    (
        "semver('1.0.0').isLessThan(quantity('1'))",
        [(26, "found no matching overload for 'isLessThan' applied to 'kubernetes.Semver.(kubernetes.Quantity)'")],
    ),
    (
        "format.nope().validate(self.s)",
        [
            (0, "undeclared reference to 'format' (in container '')"),
            (11, "undeclared reference to 'nope' (in container '')"),
        ],
    ),
    (
        "format.named('x').value() == 1",
        [(26, "found no matching overload for '_==_' applied to '(kubernetes.NamedFormat, int)'")],
    ),
    ("authorizer.path('/').check('get').allowed()", [(0, "undeclared reference to 'authorizer' (in container '')")]),
    ("self.?s.orValue('a') == 1", [(21, "found no matching overload for '_==_' applied to '(string, int)'")]),
    (
        "self.?s.orValue(1) == 1",
        [(15, "found no matching overload for 'orValue' applied to 'optional_type(string).(int)'")],
    ),
    ("self.?nope.orValue('a') == 'a'", [(4, "undefined field 'nope'")]),
    ("self.?s == 'a'", [(8, "found no matching overload for '_==_' applied to '(optional_type(string), string)'")]),
    ("self.o.?x.value() == 'a'", [(18, "found no matching overload for '_==_' applied to '(int, string)'")]),
    ("self.?o.nope.orValue(1) == 1", [(7, "undefined field 'nope'")]),
    (
        "self.m[?'a'].orValue('a') == 1",
        [(20, "found no matching overload for 'orValue' applied to 'optional_type(int).(string)'")],
    ),
    (
        "self.?s.optMap(x, x + 1).orValue('') == ''",
        [(20, "found no matching overload for '_+_' applied to '(string, int)'")],
    ),
    (
        "self.?i.optFlatMap(x, x).orValue(1) == 1",
        [(18, "found no matching overload for '_?_:_' applied to '(bool, int, optional_type(dyn))'")],
    ),
    ("optional.of(1).value() == 'a'", [(23, "found no matching overload for '_==_' applied to '(int, string)'")]),
    (
        "optional.of(1) == optional.of('a')",
        [(15, "found no matching overload for '_==_' applied to '(optional_type(int), optional_type(string))'")],
    ),
    (
        "optional.foo(1)",
        [
            (0, "undeclared reference to 'optional' (in container '')"),
            (12, "undeclared reference to 'foo' (in container '')"),
        ],
    ),
    ("[?self.s].size() == 1", [(6, "expected type 'optional_type(string)' but found 'string'")]),
    ("{?'a': self.s}.size() == 1", [(11, "expected type 'optional_type(string)' but found 'string'")]),
    ("self.l.all(i, v, v == i)", [(19, "found no matching overload for '_==_' applied to '(string, int)'")]),
    ("self.m.all(k, v, k == v)", [(19, "found no matching overload for '_==_' applied to '(string, int)'")]),
    (
        "self.l.transformList(i, v, v + i) == []",
        [(29, "found no matching overload for '_+_' applied to '(string, int)'")],
    ),
    (
        "self.m.transformMapEntry(k, v, k) == {}",
        [(24, "found no matching overload for 'cel.@mapInsert' applied to '(map(dyn, dyn), string)'")],
    ),
    (
        "self.l.existsOne(x, x == 'a')",
        [
            (16, "undeclared reference to 'existsOne' (in container '')"),
            (17, "undeclared reference to 'x' (in container '')"),
            (20, "undeclared reference to 'x' (in container '')"),
        ],
    ),
    (
        "self.l.sortBy(x, self.o) == self.l",
        [(13, "found no matching overload for '@sortByAssociatedKeys' applied to 'list(string).(list(selfType1.o))'")],
    ),
    ("self.ll.sort() == self.ll", [(12, "found no matching overload for 'sort' applied to 'list(list(int)).()'")]),
    ("self.l.flatten() == ['a']", [(14, "found no matching overload for 'flatten' applied to 'list(string).()'")]),
    (
        "self.l.slice('a', 1) == ['a']",
        [(12, "found no matching overload for 'slice' applied to 'list(string).(string, int)'")],
    ),
    (
        "self.l.reverse() == self.li",
        [(17, "found no matching overload for '_==_' applied to '(list(string), list(int))'")],
    ),
    ("self.l.first().value() == 1", [(23, "found no matching overload for '_==_' applied to '(string, int)'")]),
    (
        "sets.contains(self.l, [1])",
        [(13, "found no matching overload for 'sets.contains' applied to '(list(string), list(int))'")],
    ),
    (
        "sets.nope(self.l)",
        [
            (0, "undeclared reference to 'sets' (in container '')"),
            (9, "undeclared reference to 'nope' (in container '')"),
        ],
    ),
    (
        "cel.bind(x, 1, x == 1)",
        [
            (0, "undeclared reference to 'cel' (in container '')"),
            (8, "undeclared reference to 'bind' (in container '')"),
            (9, "undeclared reference to 'x' (in container '')"),
            (15, "undeclared reference to 'x' (in container '')"),
        ],
    ),
    (
        "math.greatest(1, 2) == 2",
        [
            (0, "undeclared reference to 'math' (in container '')"),
            (13, "undeclared reference to 'greatest' (in container '')"),
        ],
    ),
    ("self.s.reverse() == ''", [(14, "found no matching overload for 'reverse' applied to 'string.()'")]),
    (
        "self.i.all(x, true)",
        [(4, "expression of type 'int' cannot be range of a comprehension (must be list, map, or dynamic)")],
    ),
    (
        "self.s.all(x, true)",
        [(4, "expression of type 'string' cannot be range of a comprehension (must be list, map, or dynamic)")],
    ),
    (
        "self.o.all(x, true)",
        [(4, "expression of type 'selfType1.o' cannot be range of a comprehension (must be list, map, or dynamic)")],
    ),
    (
        "1.all(x, true)",
        [(0, "expression of type 'int' cannot be range of a comprehension (must be list, map, or dynamic)")],
    ),
    ("x.all(x, x)", [(0, "undeclared reference to 'x' (in container '')")]),
    (
        "self.all(x, true)",
        [(0, "expression of type 'selfType1' cannot be range of a comprehension (must be list, map, or dynamic)")],
    ),
    ("Foo{a: 1} == 1", [(3, "undeclared reference to 'Foo' (in container '')")]),
    ("self{a: 1} == 1", [(4, "undeclared reference to 'self' (in container '')")]),
    ("int{a: 1} == 1", [(3, "'int' is not a message type"), (5, "undefined field 'a'")]),
    ("self.apiVersion == 1", [(16, "found no matching overload for '_==_' applied to '(string, int)'")]),
    ("self == 1", [(5, "found no matching overload for '_==_' applied to '(selfType1, int)'")]),
    (
        "self.s == 'a' ? self.i : self.s",
        [(14, "found no matching overload for '_?_:_' applied to '(bool, int, string)'")],
    ),
    ("self.o.deep.y.all(e, e.k == e.v)", [(25, "found no matching overload for '_==_' applied to '(string, int)'")]),
    ("self.o.deep.y.exists(e, e.q)", [(25, "undefined field 'q'")]),
    (
        "self.o.deep.y.map(e, e.k).all(k, k > 1)",
        [(35, "found no matching overload for '_>_' applied to '(string, int)'")],
    ),
    ("self.o.deep.y[0].v == 'a'", [(19, "found no matching overload for '_==_' applied to '(int, string)'")]),
    (
        "self.o.deep == self.o",
        [(12, "found no matching overload for '_==_' applied to '(selfType1.o.deep, selfType1.o)'")],
    ),
    (
        "self.o == self.o.deep",
        [(7, "found no matching overload for '_==_' applied to '(selfType1.o, selfType1.o.deep)'")],
    ),
    (
        "self.o.deep.y == self.l",
        [(14, "found no matching overload for '_==_' applied to '(list(selfType1.o.deep.y.@idx), list(string))'")],
    ),
    ("self.nope.a.b && self.nope2.c == 1", [(4, "undefined field 'nope'"), (21, "undefined field 'nope2'")]),
    (
        "self.nope == 1 && nope2 && self.s > 1",
        [
            (4, "undefined field 'nope'"),
            (18, "undeclared reference to 'nope2' (in container '')"),
            (34, "found no matching overload for '_>_' applied to '(string, int)'"),
        ],
    ),
    ("self.l.all(x, self.l.all(y, x == y && nope))", [(38, "undeclared reference to 'nope' (in container '')")]),
    (
        "[1].map(x, [x].map(y, [y])) == 1",
        [(28, "found no matching overload for '_==_' applied to '(list(list(list(int))), int)'")],
    ),
    ("self.n == 1", [(7, "found no matching overload for '_==_' applied to '(double, int)'")]),
    ("self.n == 1u", [(7, "found no matching overload for '_==_' applied to '(double, uint)'")]),
    ("self.s < self.i", [(7, "found no matching overload for '_<_' applied to '(string, int)'")]),
    ("self.l < self.l", [(7, "found no matching overload for '_<_' applied to '(list(string), list(string))'")]),
    ("self.t < self.s", [(7, "found no matching overload for '_<_' applied to '(timestamp, string)'")]),
    ("self.n % 2.0 == 0.0", [(7, "found no matching overload for '_%_' applied to '(double, double)'")]),
    ("self.i * 2.5 == 1.0", [(7, "found no matching overload for '_*_' applied to '(int, double)'")]),
    ("self.s * 2 == ''", [(7, "found no matching overload for '_*_' applied to '(string, int)'")]),
    ('"\\u00e9" == self.x', [(16, "undefined field 'x'")]),
    (".nope", [(1, "undeclared reference to '.nope' (in container '')")]),
    (
        "self.s.lowerAscii().upperAscii().trim().substring(1) == self.i",
        [(53, "found no matching overload for '_==_' applied to '(string, int)'")],
    ),
    ("self.s.getHours() == 1", [(15, "found no matching overload for 'getHours' applied to 'string.()'")]),
    ("self.t.getHours(1) == 1", [(15, "found no matching overload for 'getHours' applied to 'timestamp.(int)'")]),
    ("in_list", [(0, "undeclared reference to 'in_list' (in container '')")]),
    ("self.l.exists_one(x, x) ", [(17, "found no matching overload for '_?_:_' applied to '(string, int, int)'")]),
    ("self.l.exists_one(x, x == 'a') == 1", [(31, "found no matching overload for '_==_' applied to '(bool, int)'")]),
    ("dyn([1, 'a']) == 1", [(8, "expected type 'int' but found 'string'")]),
    ("[dyn(1), 'a'] == []", [(9, "expected type 'dyn' but found 'string'")]),
    ("{'a': dyn(1), 'b': 2} == {}", [(19, "expected type 'dyn' but found 'int'")]),
    ("timestamp('2020-01-01T00:00:00Z') + duration('zz') == self.t", [(45, "invalid duration argument")]),
    ("[duration('q'), duration('1h')] == []", [(10, "invalid duration argument")]),
    ("variables.x", [(0, "undeclared reference to 'variables' (in container '')")]),
    ("request.x", [(0, "undeclared reference to 'request' (in container '')")]),
    ("object.x", [(0, "undeclared reference to 'object' (in container '')")]),
    ("null_type == null", [(10, "found no matching overload for '_==_' applied to '(type(null), null)'")]),
    ("bool == true", [(5, "found no matching overload for '_==_' applied to '(type(bool), bool)'")]),
    ("int(1) == int", [(7, "found no matching overload for '_==_' applied to '(int, type(int))'")]),
    ("'a'.size", [(3, "type 'string' does not support field selection")]),
    ("self.s.size == 1", [(6, "type 'string' does not support field selection")]),
    (
        "f(g(h(1)))",
        [
            (1, "undeclared reference to 'f' (in container '')"),
            (3, "undeclared reference to 'g' (in container '')"),
            (5, "undeclared reference to 'h' (in container '')"),
        ],
    ),
    ("self.s.contains(self.l)", [(15, "found no matching overload for 'contains' applied to 'string.(list(string))'")]),
    (
        "self.s.endsWith(self.s) && self.s.contains(1)",
        [(42, "found no matching overload for 'contains' applied to 'string.(int)'")],
    ),
)
_ACCEPTED = (
    "self.i > self.n",
    "self.m['a'] == 1",
    "self.m.a == 1",
    "has(self.s)",
    "has(self.m.foo)",
    "self.o.if == 'a'",
    "self.o.__if__ == 'a'",
    "self.o.a__dash__b == 'a'",
    "self.l.all(x, x.size() > 0)",
    "self.l.map(x, x.size()) == [1]",
    "{1.5: 1} == {}",
    "[[]] == [[1]]",
    "self.l + [] == self.l",
    "'a' in self.l",
    "'a' in self.m",
    "self.i in [1,2,3]",
    "self.t - self.t == self.d",
    "self.t + self.d == self.t",
    "self.d + self.t > self.t",
    "self.dt == self.t",
    "self.t.getFullYear('UTC') == 2020",
    "self.d.getHours() > 1",
    "self.by == b'a'",
    "self.ios == 1",
    "self.ios == 'a' || self.ios == 1",
    "self.ios.x == 1",
    "self.ios + 1 == 2",
    "self.pu.z == 1",
    "self.er.kind == 'a'",
    "self.er.metadata.name == 'a'",
    "self.o == null",
    "null == null",
    "type(self.s) == string",
    "type(self.i) == int",
    "type(self.l) == list",
    "type(self.t) == google.protobuf.Timestamp",
    "type(self.d) == google.protobuf.Duration",
    "string(self.i) == 'a'",
    "int(self.s) == 1",
    "bytes(self.s) == b''",
    "uint(self.i) == 1u",
    "timestamp(self.s) == self.t",
    "duration('1h') == self.d",
    "timestamp('2020-01-01T00:00:00Z') == self.t",
    "timestamp(1) == self.t",
    "self.s.matches('a+')",
    "dyn(self.s) == 1",
    "dyn(self.s).x == 1",
    "self.s.charAt(0) == 'a'",
    "self.s.indexOf('a') == 1",
    "self.l.indexOf('a') == 1",
    "self.s.replace('a', 'b') == ''",
    "self.s.split(',') == []",
    "self.l.join(',') == ''",
    "self.li.sum() == 1",
    "self.l.max() == 'a'",
    "self.l.isSorted()",
    "'%s'.format([1]) == ''",
    "'%s %d'.format(['a', 1]) == ''",
    "'%.2f'.format([1.0]) == ''",
    "'abc'.format([]) == ''",
    "self.s.format([1]) == ''",
    "ip.isCanonical(self.ip)",
    "isIP(self.ip)",
    "cidr('10.0.0.0/8').containsIP(self.ip)",
    "cidr(self.ip).containsCIDR('1')",
    "cidr(self.ip).ip() == ip('1')",
    "type(ip('1.1.1.1')) == net.IP",
    "type(cidr('1.1.1.1/8')) == net.CIDR",
    "isURL(self.s)",
    "quantity('1').isGreaterThan(quantity('2'))",
    "sign(quantity('1')) == 1",
    "semver('1.0.0').major() == 1",
    "semver('1.0.0', true).isLessThan(semver('2.0.0'))",
    "isSemver('1')",
    "format.dns1123Label().validate(self.s).hasValue()",
    "self.?s.hasValue()",
    "self.?o.x.orValue(1) == 1",
    "self.l[?0].orValue('a') == 'a'",
    "self.?s.optMap(x, x + 'a').orValue('') == ''",
    "self.?i.optFlatMap(x, optional.of(x)).orValue(1) == 1",
    "optional.none().orValue(1) == 1",
    "optional_type == type(optional.of(1))",
    "[?self.?s, 'a'].size() == 1",
    "{?'a': self.?s}.size() == 1",
    "self.l.all(i, v, i > 0 && v == 'a')",
    "self.l.transformList(i, v, v + 'a') == ['a']",
    "self.m.transformMap(k, v, string(v)) == {}",
    "self.m.transformMap(k, v, v > 1, v) == self.m",
    "self.m.transformMapEntry(k, v, {v: k}) == {}",
    "self.l.sortBy(x, x.size()) == self.l",
    "self.l.sort() == self.l",
    "self.ll.flatten() == [1]",
    "self.ll.flatten(1) == [1]",
    "self.l.slice(0, 1) == ['a']",
    "self.l.distinct() == self.l",
    "lists.range(3) == self.li",
    "self.l.last().orValue('') == ''",
    "sets.contains(self.l, ['a'])",
    "sets.intersects(self.l, self.l)",
    "strings.quote(self.s) == ''",
    "self.s.findAll('a', 1) == ['a']",
    "self.ios.all(x, true)",
    "self.metadata.name == 'a'",
    "self.kind == 'x'",
    "oldSelf.s == self.s",
    "oldSelf == self",
    "true",
    "[].map(x, x) == [1]",
    "[].map(x, x.foo) == [1]",
    "{}.map(x, x) == ['a']",
    "[{}] == [{'a': 1}]",
    "self.n < 1",
    "self.i < 1u",
    "self.b < true",
    "self.i % 2 == 0",
    "self.i / self.i == 1",
    "-self.i == 1",
    "- -self.i == 1",
    "!true && !!self.b",
    "self.e == 'Z'",
    ".self.s == 'a'",
    ".size(self.l) == 1",
    "[dyn(1), dyn('a')] == []",
    "type(type) == type",
    "type(null) == null_type",
)


@pytest.mark.parametrize(("text", "issues"), _REFUSED, ids=[row[0] for row in _REFUSED])
def test_expression_that_does_not_fit_is_refused_in_words_of_cel_go(text: str, issues: list[tuple[int, str]]) -> None:
    """The columns and messages are those of a real kube-apiserver."""
    with pytest.raises(CELSyntaxError) as raised:
        compiled(text, _ENVIRONMENT)
    assert [(issue.column, issue.message) for issue in raised.value.issues] == issues


@pytest.mark.parametrize("text", _ACCEPTED)
def test_expression_that_fits_is_accepted(text: str) -> None:
    """A real kube-apiserver accepts them as rules."""
    assert compiled(text, _ENVIRONMENT).output_type.name == "bool"


def test_type_of_result_follows_from_elements() -> None:
    """The type of a transformed list or map has the types of what is put into it."""
    assert compiled("self.l.map(x, x.size())", _ENVIRONMENT).output_type == list_of(INT)
    assert compiled("self.m.transformMap(k, v, k)", _ENVIRONMENT).output_type == map_of(STRING, STRING)


def test_references_name_variables_overloads_and_namespaces() -> None:
    """A call of a namespace has the name of its function, one of a member only its overloads."""
    checked = compiled("optional.of(self.s).value().startsWith('a')", _ENVIRONMENT)
    references = {(reference.name, reference.overloads) for reference in checked.references.values()}
    assert references == {
        ("self", ()),
        ("optional.of", ("optional_of",)),
        ("", ("optional_value",)),
        ("", ("starts_with_string",)),
    }
