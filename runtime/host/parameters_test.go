// SPDX-License-Identifier: Apache-2.0

package host_test

import (
	"testing"

	"go.starlark.net/starlark"

	"github.com/harmonyscript/harmonyscript/runtime/host"
)

func listOf(texts ...string) *starlark.List {
	list := starlark.NewList(nil)
	for _, text := range texts {
		_ = list.Append(starlark.String(text))
	}
	return list
}

func TestParseParameter(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		def  starlark.Value
		text string
		want starlark.Value // nil: refused
	}{
		{nil, "x y", starlark.String("x y")},
		{starlark.None, "", starlark.String("")},
		{starlark.String("d"), "a,b", starlark.String("a,b")},
		{starlark.True, "false", starlark.False},
		{starlark.False, "True", starlark.True},
		{starlark.False, "yes", nil},
		{starlark.MakeInt(1), "-7", starlark.MakeInt(-7)},
		{starlark.MakeInt(1), "7.5", nil},
		{starlark.MakeInt(1), "99999999999999999999", nil},
		{starlark.MakeInt(1), "", nil},
		{starlark.Float(1), "2", starlark.Float(2)},
		{starlark.Float(1), "1e3", starlark.Float(1000)},
		{starlark.Float(1), "inf", nil},
		{starlark.Float(1), "NaN", nil},
		{listOf(), "", listOf()},
		{listOf("x"), " ", listOf()},
		{listOf(), "a", listOf("a")},
		{listOf(), "a, b ,c", listOf("a", "b", "c")},
		{listOf(), `a\,b,c`, listOf("a,b", "c")},
		{listOf(), "a,", listOf("a", "")},
		{starlark.Tuple{}, "a", nil},
	} {
		got, err := host.ParseParameter(test.def, test.text)
		if test.want == nil {
			if err == nil {
				t.Errorf("%v, %q: got %v, want an error", test.def, test.text, got)
			}
			continue
		}
		same := err == nil
		if same {
			same, _ = starlark.Equal(got, test.want)
		}
		if !same || got.Type() != test.want.Type() {
			t.Errorf("%v, %q: got %v, %v, want %v", test.def, test.text, got, err, test.want)
		}
	}
}

func FuzzParseParameter(f *testing.F) {
	for _, text := range []string{"", "a,b", `\,`, "1", "1e400", "true", ",,", `\`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, def := range []starlark.Value{nil, starlark.True, starlark.MakeInt(1), starlark.Float(1), listOf("x")} {
			value, err := host.ParseParameter(def, text)
			if (value == nil) == (err == nil) {
				t.Errorf("%v, %q: got %v and %v, want one of them", def, text, value, err)
			}
			if def != nil && err == nil && value.Type() != def.Type() {
				t.Errorf("%v, %q: got a %s", def, text, value.Type())
			}
		}
	})
}
