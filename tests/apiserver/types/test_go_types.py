"""The tool that writes the table, on a small Go module."""

import subprocess
import sys
from pathlib import Path

TOOL = Path(__file__).parents[3] / "tools" / "go_types.py"
REGISTER = """package v1

const GroupName = "toys.example.com"
"""
TYPES = """package v1

import (
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// +enum
type Color string

const (
	ColorRed Color = "red"
)

type Sizes map[Color]resource.Quantity

// +protobuf.nullable=true
type Names []string

// Ball is a toy.
type Ball struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty" protobuf:"bytes,1,opt,name=metadata"`

	Common `json:",inline" protobuf:"bytes,2,opt,name=common"`

	// parts of it
	// +listType=map
	// +listMapKey=name
	// +listMapKey=color
	Parts []Part `json:"parts,omitempty" patchStrategy:"merge,retainKeys" patchMergeKey:"name" protobuf:"bytes,3,rep,name=parts"`
	// type Old struct {
	Hidden string `json:"-"`
}

// +structType=atomic
type Common struct {
	// +default=ref(ColorRed)
	// +optional
	Color *Color `json:"color,omitempty" protobuf:"bytes,1,opt,name=color"`
	// +required
	Sizes Sizes `json:"sizes,omitempty" protobuf:"bytes,2,rep,name=sizes"`
}

type Part struct {
	Name  string      `json:"name" protobuf:"bytes,1,opt,name=name"`
	Names Names       `json:"names,omitempty" protobuf:"bytes,2,opt,name=names"`
	Since metav1.Time `json:"since,omitempty,omitzero"`
}

type Unused struct {
	Name string `json:"name"`
}
"""
META = """package v1

type TypeMeta struct {
	Kind string `json:"kind,omitempty" protobuf:"bytes,1,opt,name=kind"`
}

type ObjectMeta struct {
	Name string `json:"name,omitempty" protobuf:"bytes,1,opt,name=name"`
}

type Patch struct{}

type WatchEvent struct {
	Type string `json:"type" protobuf:"bytes,1,opt,name=type"`
}
"""
TABLE = """\
api/resource k8s.io/apimachinery/pkg/api/resource
meta/v1 k8s.io/apimachinery/pkg/apis/meta/v1
toys/v1 k8s.io/api/toys/v1 group=toys.example.com

meta/v1.ObjectMeta struct
  name 1 string omitempty

meta/v1.Patch struct

meta/v1.TypeMeta struct
  kind 1 string omitempty

meta/v1.WatchEvent struct
  type 1 string required

toys/v1.Ball struct kind
  inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ObjectMeta omitempty
  inline 2 Common
  parts 3 []Part omitempty list=map keys=name,color patch=merge,retainKeys merge-key=name

toys/v1.Color string

toys/v1.Common struct map=atomic
  color 1 *Color omitempty default="red"
  sizes 2 Sizes omitempty required

toys/v1.Names []string nullable-message

toys/v1.Part struct
  name 1 string required
  names 2 Names omitempty
  since - meta/v1.Time omitempty omitzero

toys/v1.Sizes map[Color]api/resource.Quantity
"""


def test_table_says_what_declarations_tags_and_markers_say(tmp_path: Path) -> None:
    """Kinds of a group and all that they consist of; nothing else, no comment and no field that JSON does not have."""
    for path, text in (
        ("api/toys/v1/register.go", REGISTER),
        ("api/toys/v1/types.go", TYPES),
        ("api/toys/v1/types_test.go", "package v1\n\ntype Unread struct {\n"),
        ("apimachinery/pkg/apis/meta/v1/types.go", META),
        ("apimachinery/pkg/api/resource/quantity.go", "package resource\n\ntype Quantity struct {\n\ti int\n}\n"),
    ):
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    command = [sys.executable, str(TOOL), str(tmp_path / "api"), str(tmp_path / "apimachinery")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (done.stdout, done.stderr) == (TABLE, "")
