"""The tool that writes the table of declared rules, on a small package of Go types."""

import runpy
from pathlib import Path

import pytest

TOOL = runpy.run_path(str(Path(__file__).parents[3] / "tools" / "declared_rules.py"))

GO = """
package v1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// A kettle.
//
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object
// +k8s:supportsSubresource="/status"
type Kettle struct {
	metav1.TypeMeta `json:",inline"`
	// +k8s:beta(since: "1.36")=+k8s:subfield(name)=+k8s:format=k8s-long-name
	metav1.ObjectMeta `json:"metadata,omitempty" protobuf:"bytes,1,opt,name=metadata"`

	Spec KettleSpec `json:"spec" protobuf:"bytes,2,opt,name=spec"`
}

type KettleSpec struct {
	// How hot, +k8s:required is no tag in the middle of a line.
	// +optional
	// +default=100
	// +k8s:optional
	// +k8s:maximum=100 # boiling
	Heat *int32 `json:"heat,omitempty" protobuf:"varint,1,opt,name=heat"`
	// +k8s:alpha(since: "1.36")=+k8s:ifEnabled("Steam")=+k8s:forbidden
	Mode Mode `json:"mode,omitempty" protobuf:"bytes,2,opt,name=mode,casttype=Mode"`
	// +k8s:listType=map
	// +k8s:listMapKey=id
	// +k8s:item(id: "ab")=+k8s:zeroOrOneOfMember
	Cups []Cup `json:"cups" protobuf:"bytes,3,rep,name=cups"`
	Colour string `json:"colour" protobuf:"bytes,4,opt,name=colour"`
	Lid `json:",inline"`
}

// +k8s:enum
type Mode string

const (
	ModeFast Mode = "Fast"
	ModeSlow      = Mode("Slow")
	Other         = "Other"
)

type Cup struct {
	Size int    `json:"size"`
	ID   types.UID `json:"id"`
}

type Lid struct {
	// +k8s:required
	Shut *bool `json:"shut"`
}

type KettleList struct {
	metav1.ListMeta `json:"metadata,omitempty"`
	Items []Kettle `json:"items"`
}
"""

TABLE = """
kitchen/v1.Cup struct
  id string

kitchen/v1.Kettle struct supportsSubresource=/status
  metadata meta/v1.ObjectMeta beta:subfield(name):format=k8s-long-name
  spec KettleSpec

kitchen/v1.KettleSpec struct
  heat *int32 optional maximum=100 default=100
  mode Mode alpha:ifEnabled(Steam):forbidden
  cups []Cup listType=map listMapKey=id item(id="ab"):zeroOrOneOfMember
  - Lid

kitchen/v1.Lid struct
  shut *bool required

kitchen/v1.Mode string enum(Fast,Slow)"""


def write(root: Path, text: str) -> Path:
    directory = root / "kitchen" / "v1"
    directory.mkdir(parents=True)
    (directory / "types.go").write_text(text, encoding="utf-8")
    return root


def test_go_types_become_a_table(tmp_path: Path) -> None:
    """Tags, types, constants, embedded structs and list keys are there; comments, lists and fields without tags are not."""
    assert "\n".join(TOOL["Universe"](write(tmp_path, GO)).text()) == TABLE


def test_unknown_tag_is_an_error(tmp_path: Path) -> None:
    """A tag of a later version stops the tool."""
    with pytest.raises(ValueError, match="unknown tag '\\+k8s:warmerThan=3'"):
        TOOL["Universe"](write(tmp_path, GO.replace("+k8s:enum", "+k8s:warmerThan=3")))


def test_enum_without_constants_is_an_error(tmp_path: Path) -> None:
    """An enum whose values are not found stops the tool."""
    with pytest.raises(ValueError, match="Mode cannot be written as words"):
        list(
            TOOL["Universe"](
                write(tmp_path, GO.replace("ModeFast Mode", "ModeFast").replace('Mode("Slow")', '"Slow"'))
            ).text()
        )


def test_value_with_a_space_is_an_error(tmp_path: Path) -> None:
    """A tag that would not be one word of the table stops the tool."""
    with pytest.raises(ValueError, match="no word"):
        TOOL["Universe"](write(tmp_path, GO.replace('"ab"', '"a b"')))
