// SPDX-License-Identifier: Apache-2.0

// This file checks alert channels, and whether alerts get to them.

package check

import (
	"fmt"
	"strings"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

func whoChannel(channel score.AlertChannel) string {
	return fmt.Sprintf("%s %q", channel.Constructor, channel.Name)
}

type channelsKey struct {
	channels *score.AlertChannel
	number   int
	version  score.APIVersion
}

type channelKey struct {
	fields      *score.Field
	matchers    *string
	numbers     [2]int
	constructor string
	name        string
	at          score.Position
	version     score.APIVersion
}

// channels checks the channels of one stack. version is 0 when no backend serves the stack's.
func (c *checker) channels(channels []score.AlertChannel, b backend.Backend) {
	key := channelsKey{channels: first(channels), number: len(channels)}
	if b != nil {
		key.version = b.Version()
	}
	if !c.once(key) {
		return
	}
	names := map[string]score.Origin{}
	for _, channel := range channels {
		c.channel(channel, b)
		if before, twice := names[channel.Name]; twice && channel.Name != "" {
			c.report(problem{
				code: "duplicate-channel", origin: channel.Origin, argument: "name", value: channel.Name,
				summary: fmt.Sprintf("%s: got a second channel of this name in one stack, want different names", whoChannel(channel)),
				fix:     "rename one of them",
				related: firstDefinition(before),
			})
			continue
		}
		names[channel.Name] = channel.Origin
	}
}

func (c *checker) channel(channel score.AlertChannel, b backend.Backend) {
	key := channelKey{
		fields: first(channel.Receiver.Fields), matchers: first(channel.Matchers), numbers: [2]int{len(channel.Receiver.Fields), len(channel.Matchers)},
		constructor: channel.Constructor, name: channel.Name, at: channel.Origin.Position(),
	}
	if b != nil {
		// What one version cannot carry another may, but the rest need not be told twice.
		key.version = b.Version()
		if c.once(key) {
			c.list = append(c.list, b.Sender().Check(channel)...)
		}
		key.version = 0
	}
	if !c.once(key) {
		return
	}
	who := whoChannel(channel)
	c.channelNameOf(who, channel)
	c.channelMatchers(who, channel)
	c.fields(who, channel.Receiver.Fields, channel.Origin, "")
}

// fields checks a receiver's settings: templates, URLs and references to secrets, nested blocks included.
func (c *checker) fields(who string, fields []score.Field, origin score.Origin, inside string) {
	for _, f := range fields {
		argument := f.Argument
		if argument == "" {
			argument = f.Name
		}
		if inside != "" {
			argument = entry(inside, argument)
		}
		switch value := f.Value.(type) {
		case string:
			c.text(who, f.Name, value, origin, argument)
		case []string:
			for i, one := range value {
				c.text(who, f.Name, one, origin, element(argument, i))
			}
		case map[string]string:
			for _, key := range sortedKeys(value) {
				c.text(who, f.Name, value[key], origin, entry(argument, key))
			}
		case score.Secret:
			c.secret(who+": "+f.Name, value, origin, argument)
		case []score.Field:
			c.fields(who, value, origin, argument)
		}
	}
}

func (c *checker) text(who, name, value string, origin score.Origin, argument string) {
	if found := c.receiverTemplate(value); found != nil {
		c.templateProblem(who+": "+name, origin, argument, value, found, "Alertmanager's templates have .CommonLabels, .Alerts, .Status and the functions of its template reference.")
		return
	}
	switch name {
	case "timeout", "retry", "expire", "ttl":
		// The settings of receivers that are durations, under Alertmanager's names.
		c.duration(who, value, origin, argument, true)
	}
	// What a template makes of it is only known when it is sent.
	if isURL := name == "url" || strings.HasSuffix(name, "_url"); isURL && !strings.Contains(value, "{{") {
		c.url(who+": "+name, value, origin, argument, "secret(env = \"…\")")
	}
}

type routingKey struct {
	channels channelsKey
	rules    rulesKey
}

// routing warns of alerts that no channel gets, and of channels and rules that lack their other half.
func (c *checker) routing(who string, s score.MonitoringStack) {
	if !c.once(routingKey{channelsKey{channels: first(s.AlertChannels), number: len(s.AlertChannels)}, keyOfRules(s.AlertRules)}) {
		return
	}
	alerts := 0
	for _, g := range s.AlertRules {
		for _, r := range g.Rules {
			if r.Alert != "" {
				alerts++
			}
		}
	}
	if len(s.AlertChannels) == 0 {
		p := problem{
			code: "no-channel", origin: s.Origin, argument: "alert_channels", summary: who + ": got no alert channels, so alerts reach nobody",
			fix: "add a channel: alert_channels = [discord(name = \"on-call\", webhook_url = secret(env = \"DISCORD_WEBHOOK_URL\"))]",
		}
		switch {
		case alerts == 1:
			p.summary = who + ": got an alert and no alert channels, so it reaches nobody"
		case alerts > 1:
			p.summary = fmt.Sprintf("%s: got no alert channels, so its alerts reach nobody", who)
		}
		c.report(p)
		return
	}
	if alerts == 0 {
		c.report(problem{
			code: "no-rules", origin: s.Origin, argument: "alert_rules",
			summary: fmt.Sprintf("%s: got alert channels and no alerts, so nothing is ever sent", who),
			fix:     "add alerts with alert_rules, or load some from @stdlib//",
		})
		return
	}
	for _, g := range s.AlertRules {
		for _, r := range g.Rules {
			if r.Alert != "" && !c.anyLetsThrough(s.AlertChannels, r) {
				c.report(problem{
					code: "alert-reaches-nobody", origin: r.Origin, argument: "labels",
					summary: fmt.Sprintf("%s: no channel of %s lets it through", whoRule(r), who),
					detail:  "Its labels are not among those that the channels' matchers want.",
					fix:     "change its labels or a channel's matchers, or add a channel without matchers",
				})
			}
		}
	}
}

func (c *checker) anyLetsThrough(channels []score.AlertChannel, rule score.Rule) bool {
	for _, channel := range channels {
		if c.letsThrough(channel, rule) {
			return true
		}
	}
	return false
}
