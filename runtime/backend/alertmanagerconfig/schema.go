// SPDX-License-Identifier: Apache-2.0

// This file reads the schema of a receiver from its Go type: the fields' names in JSON and what they hold.

package alertmanagerconfig

import (
	"reflect"
	"strings"
	"unicode"

	corev1 "k8s.io/api/core/v1"
)

// kind says what a field of the resource holds.
type kind int

const (
	// otherKind is what no description of a receiver can fill.
	otherKind        kind = iota
	secretKind            // a reference to a key of a Secret, or the path of a file with a secret
	textKind              // a string, of whatever named type
	flagKind              // true or false
	integerKind           // a whole number of so many bits
	numberKind            // a floating-point number
	textListKind          // a list of strings
	secretListsKind       // lists of references to keys of Secrets, by name
	mappingKind           // strings by name, as an object
	pairsKind             // strings by name, as a list of {key, value}
	blockKind             // an object with fields of its own
	blockListKind         // a list of such objects
	anyKind               // values of any type by name
	textOrBlockKind       // a text, for which a channel may give a block with a template
	secretListKind        // a list of paths of files with secrets
	blocksByNameKind      // objects with fields of their own, by name
)

// field is one field of the resource.
type field struct {
	name     string // in JSON
	kind     kind
	bits     int    // of integerKind
	block    *block // of blockKind, blockListKind and blocksByNameKind
	required bool   // the resource is refused without it
}

// block is a struct of the resource: a receiver's integration, or a part of it.
type block struct {
	fields []*field
	// byName finds fields by their normal name; more than one when a resource has an old and a new spelling.
	byName map[string][]*field
}

// listSuffix ends the name of a receiver's list of one integration, in the resource and in Alertmanager's own
// configuration.
func listSuffix(raw bool) string {
	if raw {
		return "_configs"
	}
	return "Configs"
}

// integrations returns the schema of every integration of a receiver type, by its normal name, and the names of
// their lists.
func integrations(receiver reflect.Type, suffix string) (schemas map[string]*block, lists map[string]string) {
	schemas, lists = map[string]*block{}, map[string]string{}
	if receiver != nil && receiver.Kind() == reflect.Pointer {
		receiver = receiver.Elem()
	}
	if receiver == nil || receiver.Kind() != reflect.Struct {
		return schemas, lists
	}
	blocks := map[reflect.Type]*block{}
	for _, f := range reflect.VisibleFields(receiver) {
		name, _, _ := jsonName(f)
		integration, ok := strings.CutSuffix(name, suffix)
		list := f.Type
		if ok && list.Kind() == reflect.Slice && list.Elem().Kind() == reflect.Struct {
			schemas[normal(integration)] = blockOf(list.Elem(), blocks)
			lists[normal(integration)] = name
		}
	}
	return schemas, lists
}

func blockOf(structure reflect.Type, blocks map[reflect.Type]*block) *block {
	if known, ok := blocks[structure]; ok {
		return known
	}
	b := &block{byName: map[string][]*field{}}
	blocks[structure] = b
	b.add(structure, blocks)
	return b
}

func (b *block) add(structure reflect.Type, blocks map[reflect.Type]*block) {
	for i := range structure.NumField() {
		f := structure.Field(i)
		name, optional, inline := jsonName(f)
		if inline {
			if f.Type.Kind() == reflect.Struct {
				b.add(f.Type, blocks)
			}
			continue
		}
		if name == "" || !f.IsExported() {
			continue
		}
		described := fieldOf(f.Type, blocks)
		described.name = name
		described.required = !optional && f.Type.Kind() != reflect.Pointer
		b.fields = append(b.fields, described)
		b.byName[normal(name)] = append(b.byName[normal(name)], described)
	}
}

func fieldOf(t reflect.Type, blocks map[reflect.Type]*block) *field {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t {
	case reflect.TypeFor[corev1.SecretKeySelector](), reflect.TypeFor[secretFile]():
		return &field{kind: secretKind}
	case reflect.TypeFor[textOrBlock]():
		return &field{kind: textOrBlockKind}
	}
	switch t.Kind() {
	case reflect.String:
		return &field{kind: textKind}
	case reflect.Bool:
		return &field{kind: flagKind}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return &field{kind: integerKind, bits: t.Bits()}
	case reflect.Float32, reflect.Float64:
		return &field{kind: numberKind}
	case reflect.Map:
		if t.Key().Kind() == reflect.String && t.Elem().Kind() == reflect.String {
			return &field{kind: mappingKind}
		}
		if t.Elem() == reflect.TypeFor[[]corev1.SecretKeySelector]() {
			return &field{kind: secretListsKind}
		}
		if t.Elem().Kind() == reflect.Interface {
			return &field{kind: anyKind}
		}
		if t.Key().Kind() == reflect.String && t.Elem().Kind() == reflect.Struct {
			return &field{kind: blocksByNameKind, block: blockOf(t.Elem(), blocks)}
		}
	case reflect.Slice:
		if t.Elem() == reflect.TypeFor[secretFile]() {
			return &field{kind: secretListKind}
		}
		if t.Elem().Kind() == reflect.String {
			return &field{kind: textListKind}
		}
		if isPair(t.Elem()) {
			return &field{kind: pairsKind}
		}
		if t.Elem().Kind() == reflect.Struct {
			return &field{kind: blockListKind, block: blockOf(t.Elem(), blocks)}
		}
	case reflect.Struct:
		return &field{kind: blockKind, block: blockOf(t, blocks)}
	}
	return &field{kind: otherKind}
}

// isPair reports whether t is a struct of two strings, "key" and "value".
func isPair(t reflect.Type) bool {
	if t.Kind() != reflect.Struct || t.NumField() != 2 {
		return false
	}
	first, _, _ := jsonName(t.Field(0))
	second, _, _ := jsonName(t.Field(1))
	return first == "key" && second == "value" && t.Field(0).Type.Kind() == reflect.String && t.Field(1).Type.Kind() == reflect.String
}

// jsonName returns a struct field's name in JSON, whether it may be left out, and whether its own fields take
// its place.
func jsonName(f reflect.StructField) (name string, optional, inline bool) {
	name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
	if name == "-" {
		return "", true, false
	}
	inline = name == "" && (f.Anonymous || strings.Contains(options, "inline"))
	return name, strings.Contains(options, "omitempty") || strings.Contains(options, "omitzero"), inline
}

// normal returns what a name of Alertmanager's configuration and its counterpart in the resource have in common:
// "webhook_url" and "webhookURL" are both "webhookurl".
func normal(name string) string { return strings.ToLower(strings.ReplaceAll(name, "_", "")) }

// camel returns name the way Kubernetes spells fields: "proxy_url" is "proxyUrl".
func camel(name string) string {
	words := strings.Split(name, "_")
	for i, word := range words[1:] {
		if word != "" {
			words[i+1] = strings.ToUpper(word[:1]) + word[1:]
		}
	}
	return strings.Join(words, "")
}

// snake returns a resource's name the way Alertmanager's configuration spells it: "avatarURL" is "avatar_url".
func snake(name string) string {
	runes := []rune(name)
	var b strings.Builder
	for i, r := range runes {
		if unicode.IsUpper(r) && i > 0 {
			startsWord := !unicode.IsUpper(runes[i-1]) || i+1 < len(runes) && unicode.IsLower(runes[i+1])
			if startsWord {
				b.WriteByte('_')
			}
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
