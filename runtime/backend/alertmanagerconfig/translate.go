// SPDX-License-Identifier: Apache-2.0

// This file translates one channel's receiver into the words of the resource, and tells what cannot be said.

package alertmanagerconfig

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// translation is the work on one channel.
type translation struct {
	sender  *Sender
	channel score.AlertChannel
	// secretName is the Secret of our own that values without a Secret of the user's go into.
	secretName string
	// secrets are what has to go into it, by key.
	secrets  map[string]score.Secret
	problems diag.List
}

// receiver returns the element of the resource's `receivers` for the channel.
func (t *translation) receiver() map[string]any {
	receiver := map[string]any{"name": t.channel.Name}
	name, known := t.sender.listNames[normal(t.channel.Receiver.Integration)]
	if !known {
		t.report(t.channel.Origin.Position(), "unsupported-channel",
			fmt.Sprintf("has no receiver for %s", t.channel.Receiver.Integration),
			fmt.Sprintf("An AlertmanagerConfig of %s/%s delivers to: %s.", t.sender.dialect.Group, t.sender.dialect.Version, strings.Join(t.sender.integrationNames(), ", ")),
			"use one of these kinds of channel, or another api_version")
		return receiver
	}
	schema := t.sender.integrations[normal(t.channel.Receiver.Integration)]
	receiver[name] = []any{t.block(schema, nil, t.channel.Receiver.Fields)}
	return receiver
}

func (t *translation) block(b *block, path []string, fields []score.Field) map[string]any {
	content := map[string]any{}
	for _, given := range fields {
		here := append(slices.Clone(path), given.Name)
		f, ok := t.find(b, path, given)
		if !ok {
			t.unknown(b, here, given)
			continue
		}
		if value, ok := t.value(f, here, given); ok {
			content[f.name] = value
		}
	}
	for _, f := range b.fields {
		if _, set := content[f.name]; f.required && !set && len(t.problems) == 0 {
			missing := strings.Join(append(slices.Clone(path), t.alertmanagerName(f.name, path)), ".")
			t.report(t.channel.Origin.Position(), "missing-setting", "wants a value for "+missing, "",
				fmt.Sprintf("give %s a value for %s", t.channel.Constructor, missing))
		}
	}
	return content
}

// find returns the resource's field for a given setting. A resource that takes both an open and a secret value
// calls the second `<name>Secret`; one that takes only a secret may be called so too.
func (t *translation) find(b *block, path []string, given score.Field) (*field, bool) {
	candidates := b.byName[normal(given.Name)]
	if irregular, ok := t.irregular(path)[given.Name]; ok {
		candidates = b.byName[normal(irregular)]
	}
	best, found := nearestSpelling(candidates, given.Name)
	if _, isSecret := given.Value.(score.Secret); isSecret && (!found || !takesSecret(best)) {
		if secret, ok := nearestSpelling(b.byName[normal(given.Name)+"secret"], given.Name+"_secret"); ok && takesSecret(secret) {
			return secret, true
		}
	}
	if !found {
		// Alertmanager has one name for what the resource calls `<name>Secret`, whatever value was given.
		if secret, ok := nearestSpelling(b.byName[normal(given.Name)+"secret"], given.Name+"_secret"); ok {
			return secret, true
		}
	}
	return best, found
}

// nearestSpelling prefers Kubernetes' spelling where a resource has a field in two spellings.
func nearestSpelling(candidates []*field, name string) (*field, bool) {
	for _, f := range candidates {
		if f.name == camel(name) {
			return f, true
		}
	}
	if len(candidates) == 0 {
		return nil, false
	}
	return candidates[0], true
}

// takesSecret reports whether f is a reference to a Secret or offers one beside a ConfigMap.
func takesSecret(f *field) bool { return f.kind == secretKind || secretInside(f) != nil }

func secretInside(f *field) *field {
	if f.kind != blockKind {
		return nil
	}
	for _, inner := range f.block.byName["secret"] {
		if inner.kind == secretKind {
			return inner
		}
	}
	return nil
}

// value returns what the resource holds for a given value.
func (t *translation) value(f *field, path []string, given score.Field) (any, bool) {
	switch value := given.Value.(type) {
	case score.Secret:
		if f.kind == secretKind {
			return t.selector(path, value), true
		}
		if inner := secretInside(f); inner != nil {
			return map[string]any{inner.name: t.selector(path, value)}, true
		}
		t.reportAt(given, "secret-unsupported", fmt.Sprintf("keeps %s in the open and takes no secret there", strings.Join(path, ".")),
			"The resource has no reference to a Secret for this setting; whoever may read it would see the value.",
			"give the value itself if it is no secret, or use another api_version")
		return nil, false
	case []score.Field:
		switch f.kind {
		case blockKind:
			return t.block(f.block, path, value), true
		case mappingKind, pairsKind:
			return t.entries(f, path, value)
		}
	case string:
		switch f.kind {
		case textKind:
			return value, true
		case secretKind:
			t.reportAt(given, "secret-required", fmt.Sprintf("takes %s from a Secret only; got a string", strings.Join(path, ".")), "",
				`refer to the value: secret(env = "NAME"), secret(file = "path") or secret(name = "secret", key = "key")`)
			return nil, false
		}
	case bool:
		if f.kind == flagKind {
			return value, true
		}
	case int64:
		if f.kind == numberKind || f.kind == integerKind && fits(value, f.bits) {
			return value, true
		}
	case float64:
		if f.kind == numberKind {
			return value, true
		}
		if whole := int64(value); f.kind == integerKind && math.Trunc(value) == value && math.Abs(value) < 1<<53 && fits(whole, f.bits) {
			return whole, true
		}
	case []string:
		if f.kind == textListKind {
			return slices.Clone(value), true
		}
	}
	t.reportAt(given, "wrong-type", fmt.Sprintf("wants %s for %s, got %s", f.want(), strings.Join(path, "."), got(given.Value)), "", "")
	return nil, false
}

// entries returns strings by name, as an object or a list of pairs in the given order.
func (t *translation) entries(f *field, path []string, given []score.Field) (any, bool) {
	mapping, pairs := map[string]any{}, []any{}
	for _, entry := range given {
		text, ok := entry.Value.(string)
		if !ok {
			t.reportAt(entry, "wrong-type", fmt.Sprintf("wants a string for %s[%q], got %s", strings.Join(path, "."), entry.Name, got(entry.Value)), "", "")
			return nil, false
		}
		mapping[entry.Name] = text
		pairs = append(pairs, map[string]any{"key": entry.Name, "value": text})
	}
	if f.kind == mappingKind {
		return mapping, true
	}
	return pairs, true
}

// selector returns the reference to a secret's value: to the user's own Secret, or to a key of ours.
func (t *translation) selector(path []string, secret score.Secret) map[string]any {
	if secret.Source == score.SecretFromCluster {
		return map[string]any{"name": secret.Name, "key": secret.Key}
	}
	key := backend.SecretKey(append([]string{t.channel.Name}, path...)...)
	t.secrets[key] = secret
	return map[string]any{"name": t.secretName, "key": key}
}

func (t *translation) unknown(b *block, path []string, given score.Field) {
	known := make([]string, 0, len(b.fields))
	for _, f := range b.fields {
		known = append(known, t.alertmanagerName(f.name, path[:len(path)-1]))
	}
	slices.Sort(known)
	fix := fmt.Sprintf("leave %s out, or use another api_version", given.Argument)
	if nearest := diag.Nearest(given.Name, known); nearest != "" && nearest != given.Name {
		fix = fmt.Sprintf("did you mean %s?", nearest)
	}
	t.report(t.channel.Origin.OfName(given.Argument), "unsupported-setting", "has no setting "+strings.Join(path, "."),
		"It has: "+strings.Join(slices.Compact(known), ", ")+".", fix)
}

// irregular returns the table of the channel's integration, whose names are those of its outermost block.
func (t *translation) irregular(path []string) map[string]string {
	if len(path) > 0 {
		return nil
	}
	return t.sender.dialect.Irregular[t.channel.Receiver.Integration]
}

// alertmanagerName returns Alertmanager's name of the resource's field.
func (t *translation) alertmanagerName(name string, path []string) string {
	table := t.irregular(path)
	for _, ours := range slices.Sorted(maps.Keys(table)) {
		if table[ours] == name {
			return ours
		}
	}
	return snake(name)
}

func (t *translation) reportAt(given score.Field, code, summary, detail, fix string) {
	t.report(t.channel.Origin.Of(given.Argument), code, summary, detail, fix)
}

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
	default:
		return fmt.Sprintf("a %T", value)
	}
}
