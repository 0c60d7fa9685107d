// SPDX-License-Identifier: Apache-2.0

// This file says where in a channel a setting is, and tells what cannot be said there.

package alertmanagerconfig

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// place is where in a channel a block of settings is.
type place struct {
	// path are the names of the settings that lead to it.
	path []string
	// key is the path with the numbers of list elements, which tells the secrets in them apart.
	key []string
	// origin is the call that has the block's settings as arguments.
	origin score.Origin
}

// inside returns the place of a block in the setting called name.
func (p place) inside(name string) place {
	return place{append(slices.Clone(p.path), name), append(slices.Clone(p.key), name), p.origin}
}

// element returns the place of an element of the list there.
func (p place) element(i int) place {
	p.key = append(slices.Clone(p.key), strconv.Itoa(i))
	return p
}

// of returns the place with the origin of a block that a constructor made.
func (p place) of(b score.Block) place {
	if b.Origin.Position().IsValid() {
		p.origin = b.Origin
	}
	return p
}

// name is the path as Alertmanager's documentation would write it.
func (p place) name() string { return strings.Join(p.path, ".") }

// lost reports whether the operator drops the setting with this name.
func (t *translation) lost(name string) bool {
	return slices.Contains(t.sender.dialect.Lost[t.channel.Receiver.Integration], name)
}

func (t *translation) unknown(b *block, at place, given score.Field) {
	known := make([]string, 0, len(b.fields))
	for _, f := range b.fields {
		if name := t.alertmanagerName(f.name, at); !t.lost(at.inside(name).name()) {
			known = append(known, name)
		}
	}
	slices.Sort(known)
	fix := fmt.Sprintf("leave %s out", argumentOf(given))
	if nearest := diag.Nearest(given.Name, known); nearest != "" && nearest != given.Name {
		fix = fmt.Sprintf("did you mean %s?", nearest)
	}
	t.report(at.origin.OfName(argumentOf(given)), backend.CodeUnsupportedSetting, "has no setting "+at.inside(given.Name).name(),
		"It has: "+strings.Join(slices.Compact(known), ", ")+".", fix)
}

// irregular returns the resource's name of a setting that does not follow from Alertmanager's.
func (t *translation) irregular(at place, name string) (string, bool) {
	other, ok := t.sender.dialect.Irregular[t.channel.Receiver.Integration][at.inside(name).name()]
	return other, ok
}

// alertmanagerName returns Alertmanager's name of the resource's field.
func (t *translation) alertmanagerName(name string, at place) string {
	table := t.sender.dialect.Irregular[t.channel.Receiver.Integration]
	for _, ours := range slices.Sorted(maps.Keys(table)) {
		if setting := ours[strings.LastIndexByte(ours, '.')+1:]; table[ours] == name && at.inside(setting).name() == ours {
			return setting
		}
	}
	if t.form.raw {
		// A file is how this form says a secret.
		return strings.TrimSuffix(name, fileSuffix)
	}
	return snake(name)
}

func (t *translation) reportAt(at place, given score.Field, code, summary, detail, fix string) {
	t.report(at.origin.Of(argumentOf(given)), code, summary, detail, fix)
}

func (t *translation) reportEntry(at place, name string, entry score.Field, want string) {
	t.report(at.origin.Of(name+"["+entry.Name+"]"), "wrong-type",
		fmt.Sprintf("wants %s for %s[%q], got %s", want, at.inside(name).name(), entry.Name, got(entry.Value)), "", "")
}

// argumentOf returns the argument that a setting came from.
func argumentOf(f score.Field) string { return cmp.Or(f.Argument, f.Name) }

func (t *translation) report(position score.Position, code, summary, detail, fix string) {
	t.problems = append(t.problems, diag.Diagnostic{
		Severity: diag.Error, Code: code, Position: position,
		Summary: fmt.Sprintf("%s %q: %s %s", t.channel.Constructor, t.channel.Name, t.sender.dialect.API, summary),
		Detail:  detail, Fix: fix, Related: diag.Callers(t.channel.Origin),
	})
}

// fits reports whether value is in the range of a signed integer of so many bits.
func fits(value int64, bits int) bool { return value == value<<(64-bits)>>(64-bits) }

// want says what a field holds, for people.
func (f *field) want() string {
	switch f.kind {
	case secretKind:
		return "a secret"
	case textKind:
		return "a string"
	case flagKind:
		return "True or False"
	case integerKind:
		return fmt.Sprintf("a whole number of %d bits", f.bits)
	case numberKind:
		return "a number"
	case textListKind:
		return "a list of strings"
	case mappingKind, pairsKind:
		return "strings by name"
	case blockKind:
		return "a block of settings"
	case blockListKind:
		return "a list of blocks of settings"
	case secretListsKind:
		return "lists of secrets by name"
	case secretListKind:
		return "a list of secrets"
	case blocksByNameKind:
		return "blocks of settings by name"
	case anyKind:
		return "values by name"
	case textOrBlockKind:
		return "a string or a template"
	default:
		return "something that a channel cannot say"
	}
}

// got says what a channel gave, for people, without its value.
func got(value any) string {
	switch value := value.(type) {
	case string:
		return "a string"
	case bool:
		return "a bool"
	case int64:
		return fmt.Sprintf("the number %d", value)
	case float64:
		return fmt.Sprintf("the number %v", value)
	case []string:
		return "a list of strings"
	case []score.Field:
		return "a block of settings"
	case score.Block:
		return value.Constructor
	case []score.Block:
		return "a list of blocks of settings"
	default:
		return fmt.Sprintf("a %T", value)
	}
}
