// SPDX-License-Identifier: Apache-2.0

// This file prints values: on one line where it fits, else one element a line, as a script would have it.

package repl

import (
	"strings"
	"unicode/utf8"

	"go.starlark.net/starlark"

	"github.com/harmonyscript/harmonyscript/builtins"
)

const (
	// printedWidth is how long a line may be before it is broken.
	printedWidth = 100
	// printedSize is where the text of a value is cut, in bytes: a value of a few lines of script can be endless.
	printedSize = 64 << 10
	// printedDepth is how deep values may be inside each other; one may contain itself.
	printedDepth = 20
)

// printed returns the text of a value.
func printed(v starlark.Value) string {
	var p printer
	p.write(v, 0, 0)
	if p.full() {
		return p.text.String()[:printedSize] + "…\n(cut after 64 KiB)"
	}
	return p.text.String()
}

type printer struct{ text strings.Builder }

func (p *printer) full() bool { return p.text.Len() > printedSize }

// write prints v, whose line already holds used characters.
func (p *printer) write(v starlark.Value, indent, used int) {
	switch {
	case p.full():
		return
	case sizeOf(v, printedWidth-used, 0) <= printedWidth-used:
		p.text.WriteString(v.String())
		return
	case indent > printedDepth*4:
		p.text.WriteString("…")
		return
	}
	item := func(lead string, value starlark.Value) {
		p.text.WriteString(strings.Repeat(" ", indent+4) + lead)
		p.write(value, indent+4, indent+5+utf8.RuneCountInString(lead))
		p.text.WriteString(",\n")
	}
	end := func(bracket string) { p.text.WriteString(strings.Repeat(" ", indent) + bracket) }
	switch v := v.(type) {
	case *builtins.Value:
		p.text.WriteString(v.Signature().Name + "(\n")
		for _, name := range v.Given() {
			item(name+" = ", v.Shown(name))
		}
		end(")")
	case *starlark.List:
		p.text.WriteString("[\n")
		for i := 0; i < v.Len() && !p.full(); i++ {
			item("", v.Index(i))
		}
		end("]")
	case starlark.Tuple:
		p.text.WriteString("(\n")
		for i := 0; i < v.Len() && !p.full(); i++ {
			item("", v.Index(i))
		}
		end(")")
	case *starlark.Dict:
		p.text.WriteString("{\n")
		for _, pair := range v.Items() {
			if p.full() {
				break
			}
			item(short(pair[0])+": ", pair[1])
		}
		end("}")
	case *starlark.Set:
		p.text.WriteString("set([\n")
		for element := range v.Elements() {
			if p.full() {
				break
			}
			item("", element)
		}
		end("])")
	default:
		p.text.WriteString(v.String())
	}
}

// sizeOf returns about how long the text of v is, or something above limit as soon as it is longer than that.
func sizeOf(v starlark.Value, limit, depth int) int {
	if depth > printedDepth {
		return limit + 1
	}
	size := 2
	add := func(element starlark.Value) bool {
		size += 2 + sizeOf(element, limit-size, depth+1)
		return size <= limit
	}
	switch v := v.(type) {
	case *builtins.Value:
		return v.PrintedSize()
	case starlark.String:
		return len(v) + 2
	case starlark.Bytes:
		return len(v) + 3
	case *starlark.List:
		for i := 0; i < v.Len() && add(v.Index(i)); i++ {
		}
	case starlark.Tuple:
		for i := 0; i < v.Len() && add(v.Index(i)); i++ {
		}
	case *starlark.Dict:
		for _, pair := range v.Items() {
			if !add(pair[0]) || !add(pair[1]) {
				break
			}
		}
	case *starlark.Set:
		for element := range v.Elements() {
			if !add(element) {
				break
			}
		}
	case starlark.Int, starlark.Float, starlark.Bool, starlark.NoneType:
		return len(v.String())
	}
	return size
}

// shortLength is how many characters of a value are shown beside its name.
const shortLength = 60

// short returns one line about a value.
func short(v starlark.Value) string {
	switch v := v.(type) {
	case *starlark.Function:
		return "function of " + v.Position().Filename()
	case *builtins.Value:
		if v.PrintedSize() > shortLength {
			return v.Type()
		}
	default:
		if sizeOf(v, shortLength, 0) > shortLength {
			return v.Type()
		}
	}
	text, _, _ := strings.Cut(v.String(), "\n")
	return text
}
