// SPDX-License-Identifier: Apache-2.0

// This file holds alert channels and the neutral description of their receivers.

package score

// AlertChannel is a destination of alerts. It knows no version of the monitoring API: it carries one neutral
// description of its receiver, which the sender of each version turns into its own dialect.
type AlertChannel struct {
	Origin Origin
	// Constructor is the builtin that made the channel: "discord".
	Constructor string
	// Name identifies the channel in its stack and becomes the receiver's name.
	Name string
	// Matchers choose the alerts that go here, in Alertmanager's syntax (`severity="critical"`). All must
	// match; without any, every alert of the stack goes here.
	Matchers []string
	// Receiver is where notifications go.
	Receiver Receiver
}

// Receiver describes one Alertmanager integration in the terms of Alertmanager's own configuration file.
type Receiver struct {
	// Integration is the name in front of `_configs` in Alertmanager's configuration: "discord", "webhook".
	Integration string
	// Fields are the integration's settings under the names of Alertmanager's configuration, in the order of
	// the constructor's arguments. Settings that were not given are absent.
	Fields []Field
}

// Field is one setting of a receiver.
type Field struct {
	// Name is the setting's name in Alertmanager's configuration: "webhook_url", "send_resolved".
	Name string
	// Argument is the constructor's argument that it came from, for positions; usually the same as Name.
	Argument string
	// Value is a string, bool, int64, float64, Secret, []string, []Secret, []Field for settings by name, Block, or
	// []Block.
	Value any
	// Format says what a string has to look like.
	Format Format
	// Limit is how many characters the receiving service takes; what is longer is cut. 0 means any number.
	Limit int
}

// Block is a group of settings with a constructor of its own, such as http_config or slack_action.
type Block struct {
	// Origin is the constructor's call, which has the places of the block's arguments.
	Origin Origin
	// Constructor is the builtin that made the block: "slack_action".
	Constructor string
	// Fields are the settings, as in Receiver.
	Fields []Field
}

// Format says what the strings of a setting have to look like.
type Format int

const (
	// FormatTemplate is text that Alertmanager expands as a Go template before it sends it.
	FormatTemplate Format = iota
	// FormatText is text that Alertmanager uses as it is.
	FormatText
	// FormatURL is an absolute http or https URL.
	FormatURL
	// FormatTemplateURL is a URL, or a template that gives one.
	FormatTemplateURL
	// FormatChoice is one of the values that the constructor lists, or a template that gives one.
	FormatChoice
	// FormatDuration is a duration in Prometheus' notation.
	FormatDuration
	// FormatTimeout is a duration that Alertmanager reads in Go's notation, which has no days.
	FormatTimeout
	// FormatAddress is a host and a port.
	FormatAddress
	// FormatMailbox is one e-mail address, with or without a name, or a template that gives one.
	FormatMailbox
	// FormatMailboxes is a list of e-mail addresses with commas between them, or a template that gives one.
	FormatMailboxes
)

// Field returns the setting called name.
func (r Receiver) Field(name string) (Field, bool) {
	for _, f := range r.Fields {
		if f.Name == name {
			return f, true
		}
	}
	return Field{}, false
}

// Secrets returns every secret reference in the receiver, in order, nested blocks included.
func (r Receiver) Secrets() []Secret { return secretsIn(r.Fields, nil) }

func secretsIn(fields []Field, found []Secret) []Secret {
	for _, f := range fields {
		switch value := f.Value.(type) {
		case Secret:
			found = append(found, value)
		case []Secret:
			found = append(found, value...)
		case []Field:
			found = secretsIn(value, found)
		case Block:
			found = secretsIn(value.Fields, found)
		case []Block:
			for _, b := range value {
				found = secretsIn(b.Fields, found)
			}
		}
	}
	return found
}
