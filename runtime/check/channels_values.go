// SPDX-License-Identifier: Apache-2.0

// This file checks the values of channels' settings, by the format that each setting has. It knows no channel.

package check

import (
	"cmp"
	"fmt"
	"net/mail"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// settings checks settings and the blocks inside them. path is the setting that they are in.
func (c *checker) settings(who, path string, fields []score.Field, origin score.Origin) {
	for _, f := range fields {
		argument := cmp.Or(f.Argument, f.Name)
		name := f.Name
		if path != "" {
			name = path + "." + name
		}
		switch value := f.Value.(type) {
		case string:
			c.text(who, name, f, value, origin, argument)
		case []string:
			for i, one := range value {
				c.text(who, name, f, one, origin, element(argument, i))
			}
		case map[string]string:
			for _, key := range sortedKeys(value) {
				c.text(who, name, f, value[key], origin, entry(argument, key))
			}
		case int64:
			c.number(who, name, value, origin, argument)
		case score.Secret:
			c.secret(who+": "+name, value, origin, argument)
		case []score.Secret:
			for i, one := range value {
				c.secret(who+": "+name, one, origin, element(argument, i))
			}
		case []score.Field:
			c.entries(who, name, f, value, origin, argument)
		case score.Block:
			c.block(who, name, value, origin)
		case []score.Block:
			for i, one := range value {
				c.block(who, element(name, i), one, origin)
			}
		}
	}
}

func (c *checker) block(who, path string, b score.Block, origin score.Origin) {
	if b.Origin.Position().IsValid() {
		origin = b.Origin
	}
	c.settings(who, path, b.Fields, origin)
	c.blockRules(who, path, b, origin)
}

// entries checks values by name, which have the format of the setting that holds them.
func (c *checker) entries(who, name string, f score.Field, entries []score.Field, origin score.Origin, argument string) {
	for _, given := range entries {
		at := entry(argument, given.Name)
		if given.Name == "" {
			c.report(problem{code: "empty-setting", origin: origin, argument: at, key: true, summary: fmt.Sprintf("%s: %s: got an empty name, want one", who, name)})
		}
		if text, ok := given.Value.(string); ok {
			if text != "" { // a text that is known to be nothing is a value like any other
				c.text(who, entry(name, given.Name), f, text, origin, at)
			}
			continue
		}
		given.Argument = at
		given.Format = cmp.Or(given.Format, f.Format)
		c.settings(who, name, []score.Field{given}, origin)
	}
}

func (c *checker) number(who, name string, value int64, origin score.Origin, argument string) {
	if value >= 0 || name == "chat_id" || strings.Contains(name, "fields") {
		return
	}
	c.report(problem{
		code: "out-of-range", origin: origin, argument: argument,
		summary: fmt.Sprintf("%s: %s: got %d, want zero or more", who, name, value),
	})
}

// text checks one text by the format of its setting.
func (c *checker) text(who, name string, f score.Field, value string, origin score.Origin, argument string) {
	p := problem{origin: origin, argument: argument, value: value}
	if value == "" && f.Name != "html" {
		p.code, p.summary, p.fix = "empty-setting", fmt.Sprintf("%s: %s: got an empty text, want some", who, name), "leave "+argument+" out"
		c.report(p)
		return
	}
	templated := strings.Contains(value, "{{")
	switch format := formatOf(f); {
	case format == score.FormatTemplate, format == score.FormatChoice, templated && takesTemplate(format):
		c.template(who+": "+name, value, origin, argument)
	case templated:
		p.code, p.summary = "not-a-template", fmt.Sprintf("%s: %s: got a template where Alertmanager takes plain text", who, name)
		p.detail, p.fix = "The braces would be sent as they are.", "write the text itself"
		c.report(p)
		return
	case format == score.FormatURL, format == score.FormatTemplateURL:
		c.url(who+": "+name, value, origin, argument, "secret(env = \"…\")")
	case format == score.FormatDuration:
		c.duration(who, value, origin, argument, true)
	case format == score.FormatTimeout:
		c.timeout(who, f.Name, value, origin, argument)
	case format == score.FormatAddress:
		c.address(who+": "+name, value, origin, argument)
	case format == score.FormatMailbox, format == score.FormatMailboxes:
		c.mailboxes(who+": "+name, format, value, origin, argument)
	}
	if length := utf8.RuneCountInString(value); f.Limit > 0 && length > f.Limit && !templated {
		p.code, p.summary = "long-text", fmt.Sprintf("%s: %s: got %d characters, want at most %d", who, name, length, f.Limit)
		p.detail = "The receiving service takes no more, so the end is cut off or the message is refused."
		c.report(p)
	}
}

// formatOf returns the format of a setting. Channels of other programs may leave it out where the name tells.
func formatOf(f score.Field) score.Format {
	switch {
	case f.Format != score.FormatTemplate:
		return f.Format
	case f.Name == "url" || strings.HasSuffix(f.Name, "_url"):
		return score.FormatTemplateURL
	case f.Name == "timeout" || f.Name == "retry" || f.Name == "expire" || f.Name == "ttl":
		return score.FormatTimeout
	default:
		return score.FormatTemplate
	}
}

func takesTemplate(format score.Format) bool {
	return format == score.FormatTemplateURL || format == score.FormatMailbox || format == score.FormatMailboxes
}

// timeout checks a duration that Alertmanager reads in Go's notation. The operators write a day as "1d", which it does
// not take, so nothing may be that long but for a time to live, which they hand on as it is.
func (c *checker) timeout(who, name, value string, origin score.Origin, argument string) {
	d, ok := c.duration(who, value, origin, argument, true)
	if _, err := time.ParseDuration(value); !ok || err == nil && (d < 24*time.Hour || name == "ttl") {
		return
	}
	p := problem{
		code: "invalid-duration", origin: origin, argument: argument, value: value,
		summary: fmt.Sprintf("%s: %s: got %s, want less than a day in hours, minutes and seconds", who, name, shown(value)),
		detail:  "Alertmanager reads this setting in Go's notation, which has no days.",
	}
	if name == "ttl" {
		p.summary, p.fix = fmt.Sprintf("%s: %s: got %s, want hours, minutes and seconds", who, name, shown(value)), fmt.Sprintf("write %q", fmt.Sprintf("%dh", int(d.Hours())))
	}
	c.report(p)
}

// mailboxes checks one e-mail address, or several with commas between them.
func (c *checker) mailboxes(who string, format score.Format, value string, origin score.Origin, argument string) {
	found, err := mail.ParseAddressList(value)
	p := problem{code: "invalid-mail-address", origin: origin, argument: argument, value: value}
	switch {
	case err != nil:
		p.summary = fmt.Sprintf("%s: got %s, want an address such as \"team@example.com\" or \"Team <team@example.com>\"", who, shown(value))
		if format == score.FormatMailboxes {
			p.detail = "Several addresses have commas between them."
		}
		if strings.Contains(value, ";") {
			p.fix = "put commas between the addresses"
		}
	case format == score.FormatMailbox && len(found) > 1:
		p.summary = fmt.Sprintf("%s: got %d addresses, want one", who, len(found))
	default:
		return
	}
	c.report(p)
}
