// SPDX-License-Identifier: Apache-2.0

// This file holds the language against Alertmanager: what its configuration can say about a receiver, a channel can say.

package calls_test

import (
	"cmp"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/alertmanager/config"

	"github.com/harmonyscript/harmonyscript/builtins"
	"github.com/harmonyscript/harmonyscript/internal/calls"
)

// withheld are the settings that are not offered, by the path of the setting, or by the constructor of the block that
// would have it, with the reason.
func withheld() map[string]string {
	const (
		grant = "only for the grant of RFC 7523, which no operator writes"
		said  = "whoever writes the block wants it"
		// Every operator spells them in a way that Alertmanager refuses, see the sender's list of what is lost.
		buttons = "no version carries a button at all"
	)
	return map[string]string{
		"http_config.bearer_token":         "an old way to write authorization",
		"email.threading.enabled":          said,
		"oauth2.grant_type":                grant,
		"oauth2.client_certificate_key":    grant,
		"oauth2.client_certificate_key_id": grant,
		"oauth2.signature_algorithm":       grant,
		"oauth2.iss":                       grant,
		"oauth2.audience":                  grant,
		"oauth2.claims":                    grant,

		"rocketchat_action.type":               buttons,
		"rocketchat_action.imageurl":           buttons,
		"rocketchat_action.iswebview":          buttons,
		"rocketchat_action.webviewheightratio": buttons,
		"rocketchat_action.msginchatwindow":    buttons,
		"rocketchat_action.msgprocessingtype":  buttons,
	}
}

// TestEverySettingOffered compares the arguments of each channel, and of the blocks in it, with the fields of
// Alertmanager's own types, in both directions. Secrets are given by reference, so the settings that name a file or a
// secret manager's entry are none of a script's.
func TestEverySettingOffered(t *testing.T) {
	t.Parallel()
	c := comparison{t: t, withheld: withheld(), used: map[string]bool{}, seen: map[string]bool{}}
	receiver := reflect.TypeFor[config.Receiver]()
	known := map[string]bool{}
	for _, s := range calls.Channels() {
		known[s.Name] = true
	}
	for i := range receiver.NumField() {
		integration, ok := strings.CutSuffix(yamlName(receiver.Field(i)), "_configs")
		if !ok {
			continue
		}
		s, exists := builtins.Standard().Signature(integration)
		if !exists || !known[integration] {
			t.Errorf("got no channel %s", integration)
			continue
		}
		delete(known, integration)
		c.compare(receiver.Field(i).Type, s, integration, "name", "matchers")
	}
	for name := range known {
		t.Errorf("channel %s: Alertmanager has no such receiver", name)
	}
	for path := range c.withheld {
		if !c.used[path] {
			t.Errorf("%s is in the list of what is not offered, and is offered or unknown to Alertmanager", path)
		}
	}
	if len(c.seen) < 15 {
		t.Errorf("got %d kinds of blocks compared, want those of all channels: %v", len(c.seen), c.seen)
	}
}

// comparison goes through types and signatures side by side.
type comparison struct {
	t        *testing.T
	withheld map[string]string
	// used are the entries of withheld that were needed, seen the blocks that were compared already.
	used, seen map[string]bool
}

// compare holds a block of Alertmanager's configuration against a constructor. path is the setting, own are the
// arguments that the constructor has for itself.
func (c *comparison) compare(structure reflect.Type, s *builtins.Signature, path string, own ...string) {
	c.t.Helper()
	if key := path + " " + structure.String(); c.seen[s.Name] && s.Name != path || c.seen[key] {
		return
	}
	c.seen[s.Name] = true
	offered := map[string]builtins.Argument{}
	for _, a := range s.Arguments {
		if name := strings.TrimSuffix(a.Name, "_"); !slices.Contains(own, name) {
			offered[name] = a
		}
	}
	fields := fieldsOf(structured(structure))
	for name, kind := range fields {
		argument, ok := offered[name]
		delete(offered, name)
		if !ok {
			c.missing(fields, s, path, name)
			continue
		}
		constructor := argument.Type.String()
		for _, words := range []string{"list of ", "dict of "} {
			constructor = strings.TrimPrefix(constructor, words)
		}
		for _, option := range strings.Split(constructor, " or ") {
			if block, isBlock := builtins.Standard().Signature(option); isBlock && block.Family == "channel settings" && structured(kind) != nil {
				c.compare(kind, block, path+"."+name)
			}
		}
	}
	for name := range offered {
		c.t.Errorf("%s: Alertmanager has no %s", path, name)
	}
}

// missing reports a setting that is not offered, unless there is a reason.
func (c *comparison) missing(fields map[string]reflect.Type, s *builtins.Signature, path, name string) {
	c.t.Helper()
	for _, suffix := range []string{"_file", "_ref"} {
		bare, cut := strings.CutSuffix(name, suffix)
		if _, exists := fields[bare]; cut && exists {
			return // the value itself is offered, as a secret by reference, or withheld
		}
	}
	if name == "files" && s.Name == "http_header" {
		return // secrets are
	}
	for _, key := range []string{path + "." + name, s.Name + "." + name} {
		if c.withheld[key] != "" {
			c.used[key] = true
			return
		}
	}
	c.t.Errorf("%s: got no argument %s in %s(), want it, or a reason in the list of what is not offered", path, name, s.Name)
}

// structured returns the struct inside of pointers, lists and maps by name, nil when there is none. A struct whose only field
// is a map by name is what is in the map.
func structured(t reflect.Type) reflect.Type {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		return structured(t.Elem())
	case reflect.Struct:
		if t.NumField() == 1 && t.Field(0).Type.Kind() == reflect.Map && strings.HasSuffix(t.Field(0).Tag.Get("yaml"), ",inline") {
			return structured(t.Field(0).Type)
		}
		return t
	}
	return nil
}

// fieldsOf returns the types of a struct's fields by their names in YAML.
func fieldsOf(structure reflect.Type) map[string]reflect.Type {
	fields := map[string]reflect.Type{}
	for i := range structure.NumField() {
		f := structure.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		switch {
		case strings.Contains(options, "inline") || f.Anonymous && name == "":
			for inner, kind := range fieldsOf(structured(f.Type)) {
				fields[inner] = kind
			}
		case name != "-" && f.IsExported():
			// Without a name of its own a field is called so by the library that reads YAML.
			fields[cmp.Or(name, strings.ToLower(f.Name))] = f.Type
		}
	}
	return fields
}

func yamlName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
	return name
}
