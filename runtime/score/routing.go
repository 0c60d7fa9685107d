// SPDX-License-Identifier: Apache-2.0

// This file holds routing: which alert goes to which channel, what silences what, and when a route is mute.

package score

import (
	"strconv"
	"strings"
	"unicode"
)

// Route is a node of a stack's routing tree, with the meaning that Alertmanager gives it: an alert enters at the top,
// goes down the first child that matches (and on to the next sibling where that child continues), and is delivered by
// the deepest routes that it gets to. The top matches every alert.
type Route struct {
	Origin Origin
	// Channel is the name of the alert channel of the stack that the route delivers to. Empty takes the parent's; a
	// top without a channel delivers nowhere what no child takes.
	Channel string
	// ChannelValue is the channel itself where the script gave it, and not only its name.
	ChannelValue *AlertChannel
	// Matchers choose the alerts, in Alertmanager's syntax. All must match; without any, every alert does.
	Matchers []string
	// GroupBy are the labels whose values make a group; "..." alone means all labels. Nil takes the parent's, empty
	// puts all alerts of the route into one group.
	GroupBy []string
	// GroupWait, GroupInterval and RepeatInterval are durations; empty takes the parent's.
	GroupWait, GroupInterval, RepeatInterval string
	// Continue lets an alert that the route matched go on to its next sibling.
	Continue bool
	// MuteTimes name the mute times of the stack in which the route notifies nobody; ActiveTimes those outside of
	// which it does not. Children do not take them over.
	MuteTimes, ActiveTimes []string
	// MuteTimeValues and ActiveTimeValues are, for each name, the mute time itself where the script gave it, else nil.
	MuteTimeValues, ActiveTimeValues []*MuteTime
	Routes                           []Route
}

// InhibitRule mutes alerts (the targets) while other alerts (the sources) fire.
type InhibitRule struct {
	Origin Origin
	// SourceMatchers and TargetMatchers choose the alerts, in Alertmanager's syntax.
	SourceMatchers, TargetMatchers []string
	// Equal are labels that must have the same value in source and target. A label that both lack is equal.
	Equal []string
}

// MuteTime is a named set of times.
type MuteTime struct {
	Origin Origin
	// Name is unique in the stack.
	Name string
	// Intervals are those of which one at least must contain a time.
	Intervals []TimeInterval
}

// TimeInterval is a set of times: those that fit every field that is given. Each field lists alternatives in
// Alertmanager's notation, ends included but for Times.
type TimeInterval struct {
	Origin Origin
	// Times of the day, such as "09:00-17:00"; the end is not part of it and may be "24:00".
	Times []string
	// Weekdays such as "saturday" or "monday:friday"; a week begins with Sunday.
	Weekdays []string
	// DaysOfMonth such as "1", "1:7" or, from the end of the month, "-1" and "-7:-1".
	DaysOfMonth []string
	// Months such as "december", "12" or "june:august".
	Months []string
	// Years such as "2027" or "2027:2030".
	Years []string
	// Location is a time zone of the IANA database, such as "Europe/Berlin"; empty means UTC.
	Location string
}

// Matcher is one comparison of a label with a value.
type Matcher struct {
	Origin Origin
	// Label is the label's name. An alert that lacks the label has the value "" for it.
	Label string
	// Operator is one of "=", "!=", "=~" and "!~".
	Operator string
	// Value is a value, or a regular expression that must fit the whole value.
	Value string
}

// String returns the matcher in Alertmanager's syntax.
func (m Matcher) String() string {
	label := m.Label
	if label == "" || strings.ContainsFunc(label, reservedInMatcher) {
		label = strconv.Quote(label)
	}
	return label + m.Operator + strconv.Quote(m.Value)
}

// reservedInMatcher reports whether a label's name with this character has to be quoted in Alertmanager's syntax.
func reservedInMatcher(r rune) bool {
	return unicode.IsSpace(r) || strings.ContainsRune("{}!=~,\\\"'`", r)
}
