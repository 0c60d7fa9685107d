// SPDX-License-Identifier: Apache-2.0

// This file translates one channel's receiver into the words of the resource, and tells what cannot be said.

package alertmanagerconfig

import (
	"fmt"
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
	form    *form
	channel score.AlertChannel
	// secretName is the Secret of our own that values without a Secret of the user's go into.
	secretName string
	// secrets are what has to go into it, by key.
	secrets map[string]score.Secret
	// mounts are the user's Secrets whose files the receiver names.
	mounts   []string
	problems diag.List
}

// receiver returns the element of the resource's `receivers` for the channel.
func (t *translation) receiver() map[string]any {
	receiver := map[string]any{"name": t.channel.Name}
	name, known := t.form.listNames[normal(t.channel.Receiver.Integration)]
	if !known {
		t.report(t.channel.Origin.Position(), backend.CodeUnsupportedChannel,
			fmt.Sprintf("has no receiver for %s", t.channel.Receiver.Integration),
			fmt.Sprintf("It delivers to: %s.", strings.Join(t.sender.integrationNames(), ", ")),
			"use one of these kinds of channel")
		return receiver
	}
	schema := t.form.integrations[normal(t.channel.Receiver.Integration)]
	receiver[name] = []any{t.block(schema, place{origin: t.channel.Origin}, t.channel.Receiver.Fields)}
	return receiver
}

func (t *translation) block(b *block, at place, fields []score.Field) map[string]any {
	content := map[string]any{}
	for _, given := range fields {
		if irregular, ok := t.irregular(at, given.Name); ok && irregular == "" {
			continue
		}
		f, ok := t.find(b, at, given)
		if !ok || given.Value != false && t.lost(at.inside(given.Name).name()) {
			t.unknown(b, at, given)
			continue
		}
		if value, ok := t.value(f, at, given); ok {
			content[f.name] = value
		}
	}
	for _, f := range b.fields {
		if _, set := content[f.name]; f.required && !set && len(t.problems) == 0 {
			missing := at.inside(t.alertmanagerName(f.name, at)).name()
			t.report(at.origin.Position(), "missing-setting", "wants a value for "+missing, "",
				fmt.Sprintf("give %s a value for %s", t.channel.Constructor, missing))
		}
	}
	return content
}

// find returns the resource's field for a given setting. A resource that takes both an open and a secret value
// calls the second `<name>Secret`; one that takes only a secret may be called so too.
func (t *translation) find(b *block, at place, given score.Field) (*field, bool) {
	candidates := b.byName[normal(given.Name)]
	if irregular, ok := t.irregular(at, given.Name); ok {
		candidates = b.byName[normal(irregular)]
	}
	best, found := nearestSpelling(candidates, given.Name)
	if _, isSecret := given.Value.(score.Secret); isSecret && (!found || !takesSecret(best)) {
		if secret, ok := t.secretOf(b, given); ok && takesSecret(secret) {
			return secret, true
		}
	}
	if !found {
		// Alertmanager has one name for what the resource calls `<name>Secret`, whatever value was given.
		if secret, ok := t.secretOf(b, given); ok {
			return secret, true
		}
	}
	return best, found
}

// secretOf returns the field that holds a setting as a secret beside, or instead of, one of the setting's name.
func (t *translation) secretOf(b *block, given score.Field) (*field, bool) {
	suffix := "_secret"
	if t.form.raw {
		suffix = fileSuffix
	}
	return nearestSpelling(b.byName[normal(given.Name+suffix)], given.Name+suffix)
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

// value returns what the resource holds for a given value; ok is false when there is nothing to say, or no way.
func (t *translation) value(f *field, at place, given score.Field) (content any, ok bool) {
	here := at.inside(given.Name)
	switch value := given.Value.(type) {
	case score.Secret:
		if f.kind == secretKind {
			return t.selector(here, value), true
		}
		if inner := secretInside(f); inner != nil {
			return map[string]any{inner.name: t.selector(here, value)}, true
		}
		t.reportAt(at, given, "secret-unsupported", fmt.Sprintf("keeps %s in the open and takes no secret there", here.name()),
			"The resource has no reference to a Secret for this setting; whoever may read it would see the value.",
			"give the value itself if it is no secret")
		return nil, false
	case score.Block:
		if f.kind == blockKind {
			return t.block(f.block, here.of(value), value.Fields), true
		}
		if f.kind == textOrBlockKind {
			return t.templateOf(here.of(value), value.Fields)
		}
	case []score.Block:
		if f.kind == blockListKind {
			list := make([]any, len(value))
			for i, b := range value {
				list[i] = t.block(f.block, here.element(i).of(b), b.Fields)
			}
			return list, true
		}
	case []score.Secret:
		if f.kind == secretListKind {
			return t.selectors(here, value), true
		}
	case []score.Field:
		switch f.kind {
		case blockKind:
			return t.block(f.block, here, value), true
		case mappingKind, pairsKind:
			return t.entries(f, at, given.Name, value)
		case secretListsKind:
			return t.secretLists(at, given.Name, value)
		case blocksByNameKind:
			return t.blocksByName(f, at, given.Name, value)
		case anyKind:
			return plainEntries(value), true
		}
	case string:
		switch f.kind {
		case textKind, textOrBlockKind:
			return t.spelled(here, value), true
		case secretKind:
			t.reportAt(at, given, "secret-required", fmt.Sprintf("takes %s from a Secret only; got a string", here.name()), "",
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
		if f.kind == blockListKind && len(value) == 0 {
			return nil, false // an empty list is one of whatever it might hold
		}
	}
	t.reportAt(at, given, "wrong-type", fmt.Sprintf("wants %s for %s, got %s", f.want(), here.name(), got(given.Value)), "", "")
	return nil, false
}

// spelled returns a value in the resource's spelling.
func (t *translation) spelled(here place, value string) string {
	if other, ok := t.sender.dialect.Values[t.channel.Receiver.Integration][here.name()][value]; ok {
		return other
	}
	return value
}

// entries returns strings by name, as an object or a list of pairs in the given order.
func (t *translation) entries(f *field, at place, name string, given []score.Field) (any, bool) {
	mapping, pairs := map[string]any{}, []any{}
	for _, entry := range given {
		text, ok := entry.Value.(string)
		if !ok {
			t.reportEntry(at, name, entry, "a string")
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

// secretLists returns lists of references to secrets, by name.
func (t *translation) secretLists(at place, name string, given []score.Field) (any, bool) {
	lists := map[string]any{}
	for _, entry := range given {
		secrets, ok := entry.Value.([]score.Secret)
		if !ok {
			t.reportEntry(at, name, entry, "a list of secrets")
			return nil, false
		}
		lists[entry.Name] = t.selectors(at.inside(name).inside(entry.Name), secrets)
	}
	return lists, true
}

func (t *translation) selectors(here place, secrets []score.Secret) []any {
	list := make([]any, len(secrets))
	for i, secret := range secrets {
		list[i] = t.selector(here.element(i), secret)
	}
	return list
}

// blocksByName returns blocks of settings by name.
func (t *translation) blocksByName(f *field, at place, name string, given []score.Field) (any, bool) {
	blocks := map[string]any{}
	for _, entry := range given {
		b, ok := entry.Value.(score.Block)
		if !ok {
			t.reportEntry(at, name, entry, "a block of settings")
			return nil, false
		}
		// What an entry is called is nobody's word, so it is no part of the path.
		here := at.inside(name)
		here.key = append(here.key, entry.Name)
		blocks[entry.Name] = t.block(f.block, here.of(b), b.Fields)
	}
	return blocks, true
}

// selector returns the reference to a secret's value: to the user's own Secret, or to a key of ours.
func (t *translation) selector(at place, secret score.Secret) any {
	if t.form.raw {
		return t.file(at, secret)
	}
	if secret.Source == score.SecretFromCluster {
		return map[string]any{"name": secret.Name, "key": secret.Key}
	}
	key := backend.SecretKey(append([]string{t.channel.Name}, at.key...)...)
	t.secrets[key] = secret
	return map[string]any{"name": t.secretName, "key": key}
}
