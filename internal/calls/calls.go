// SPDX-License-Identifier: Apache-2.0

// Package calls writes calls of alert channels with all of their arguments, from the table of signatures, for tests that
// have to reach everything a channel can say.
package calls

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/harmonyscript/harmonyscript/builtins"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// Channels returns the signature of every alert channel of the language.
func Channels() []*builtins.Signature {
	return slices.DeleteFunc(builtins.Signatures(), func(s *builtins.Signature) bool {
		return s.Result != "alert_channel" || s.Receiver != ""
	})
}

// alternative is a choice between arguments that exclude each other: instead of one set, another.
type alternative struct {
	// arguments take the place of those that are given otherwise.
	arguments, instead []string
}

// alternatives are the arguments of a constructor that do not go with others of the same call. The first choice is what is
// given without any of them.
func alternatives(constructor string) []alternative {
	switch constructor {
	case "slack":
		return []alternative{{[]string{"app_token", "app_url"}, []string{"api_url", "update_message", "http_config"}}}
	case "slack_action":
		return []alternative{{[]string{"url"}, []string{"name", "value", "confirm"}}}
	case "pagerduty":
		return []alternative{{[]string{"service_key"}, []string{"routing_key"}}}
	case "sns":
		return []alternative{{[]string{"target_arn"}, []string{"topic_arn"}}, {[]string{"phone_number"}, []string{"topic_arn"}}}
	case "http_config":
		return []alternative{
			{[]string{"basic_auth"}, []string{"authorization"}},
			{[]string{"oauth2"}, []string{"authorization"}},
			{[]string{"proxy_from_environment"}, []string{"proxy_url", "no_proxy"}},
		}
	case "oauth2":
		return []alternative{{[]string{"proxy_from_environment"}, []string{"proxy_url", "no_proxy"}}}
	case "pushover":
		return []alternative{{[]string{"monospace"}, []string{"html"}}}
	case "incidentio":
		return []alternative{{[]string{"alert_source_token"}, []string{"http_config"}}}
	case "tls_config":
		return []alternative{{[]string{"insecure_skip_verify"}, []string{"ca"}}}
	}
	return nil
}

// Variant is a call of a channel.
type Variant struct {
	// Name is the channel's name in the call: "full", or what the variant is about, such as "oauth2".
	Name string
	// Call is the call in the language.
	Call string
	// About are the paths of the arguments that only this variant has: "http_config.oauth2". None for the first variant.
	About []string
}

// Full writes the call of a channel or of one of its blocks with every argument that can be given at once.
func Full(t testing.TB, constructor string) string {
	t.Helper()
	return (&writer{t: t}).call(constructor, "")
}

// Variants returns calls that together give every argument of a channel: one with all that can be given at once, and one
// for each way to do without some of them. What every channel over HTTP has alike varies in some of them only. omit are
// the paths of arguments to leave out: "sigv4.external_id".
func Variants(t testing.TB, channel string, omit ...string) []Variant {
	t.Helper()
	first := &writer{t: t, omit: omit, channel: channel, met: map[string]bool{}, name: "full"}
	all := []Variant{{Name: first.name, Call: first.call(channel, "")}}
	for queue := first.choices; len(queue) > 0; queue = queue[1:] {
		choice := queue[0]
		v := Variant{Name: strings.NewReplacer(".", "-", "_", "-").Replace(join(choice.path, choice.arguments[0]))}
		for _, argument := range choice.arguments {
			v.About = append(v.About, join(choice.path, argument))
		}
		w := &writer{t: t, omit: omit, channel: channel, met: first.met, name: v.Name, chosen: append(choice.within, choice)}
		v.Call = w.call(channel, "")
		all = append(all, v)
		// An alternative may have alternatives inside.
		queue = append(queue, w.choices...)
	}
	return all
}

// choice is an alternative in the block at path.
type choice struct {
	path string
	alternative
	// within are the choices without which the block would not be there.
	within []choice
}

// writer writes one call.
type writer struct {
	t             testing.TB
	channel, name string
	omit          []string
	chosen        []choice
	// met are the choices that some call of the channel has had, and choices those that this one has first.
	met     map[string]bool
	choices []choice
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// call writes the constructor's call for the block at path.
func (w *writer) call(constructor, path string) string {
	w.t.Helper()
	s, ok := builtins.Standard().Signature(constructor)
	if !ok {
		w.t.Fatalf("no builtin %q", constructor)
	}
	var left []string
	for _, alternative := range alternatives(constructor) {
		w.note(constructor, choice{path, alternative, w.chosen})
		if slices.ContainsFunc(w.chosen, func(c choice) bool { return c.path == path && c.arguments[0] == alternative.arguments[0] }) {
			left = append(left, alternative.instead...)
		} else {
			left = append(left, alternative.arguments...)
		}
	}
	var arguments []string
	for _, a := range s.Arguments {
		at := join(path, strings.TrimSuffix(a.Name, "_"))
		if slices.Contains(left, a.Name) || slices.Contains(w.omit, at) {
			continue
		}
		arguments = append(arguments, a.Name+" = "+w.value(a, a.Type.String(), at))
	}
	return constructor + "(" + strings.Join(arguments, ", ") + ")"
}

// variesConnection tells the channels in which what all channels over HTTP share is varied: the webhook, and those that versions
// carry in another way than it. (incidentio is one of them, and takes nothing but an authorization.)
func variesConnection(channel string) bool {
	return slices.Contains([]string{"webhook", "jira", "mattermost"}, channel)
}

// note remembers a choice that this channel has to vary.
func (w *writer) note(constructor string, c choice) {
	shared := slices.Contains([]string{"http_config", "oauth2", "tls_config"}, constructor)
	if key := constructor + "." + c.arguments[0]; (!shared || variesConnection(w.channel)) && w.met != nil && !w.met[key] {
		w.met[key] = true
		w.choices = append(w.choices, c)
	}
}

func (w *writer) value(a builtins.Argument, kind, path string) string {
	w.t.Helper()
	if inner, ok := strings.CutPrefix(kind, "list of "); ok {
		return "[" + w.value(a, inner, path) + "]"
	}
	if inner, ok := strings.CutPrefix(kind, "dict of "); ok {
		return `{"X-Team": ` + w.value(a, inner, path) + "}"
	}
	kind, other, _ := strings.Cut(kind, " or ")
	if other == "string" && (a.Name == "username" || a.Name == "client_id") && variesConnection(w.channel) && w.channel != "webhook" {
		kind = other // Alertmanager's own configuration takes no secret there
	}
	switch kind {
	case "bool":
		return "True"
	case "int":
		return "3"
	case "secret":
		return fmt.Sprintf("secret(env = %q)", strings.ToUpper(a.Name))
	case "string":
		if a.Name == "name" && path == "name" && w.name != "" {
			return fmt.Sprintf("%q", w.name)
		}
		return fmt.Sprintf("%q", textValue(a))
	default:
		return w.call(kind, path)
	}
}

func textValue(a builtins.Argument) string {
	if len(a.Values) > 0 {
		return a.Values[0]
	}
	switch a.Format {
	case score.FormatURL, score.FormatTemplateURL:
		return "https://example.com/" + a.Name
	case score.FormatDuration, score.FormatTimeout:
		return "1m"
	case score.FormatAddress:
		return "mail.example.com:587"
	case score.FormatMailbox, score.FormatMailboxes:
		return "team@example.com"
	}
	switch a.Name {
	case "name":
		return "full"
	case "matchers":
		return `severity="critical"`
	case "session_name":
		// AWS allows no spaces in it.
		return "on-call"
	case "payload":
		return `{"text": {{ .Status | toJson }}}`
	}
	return "a " + a.Name
}
