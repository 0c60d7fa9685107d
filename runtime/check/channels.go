// SPDX-License-Identifier: Apache-2.0

// This file checks alert channels, and whether alerts get to them.

package check

import (
	"fmt"
	"strings"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
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
			for _, problem := range b.Sender().Check(channel) {
				c.list = append(c.list, c.withCarriers(channel, problem))
			}
		}
		key.version = 0
	}
	if !c.once(key) {
		return
	}
	who := whoChannel(channel)
	c.channelNameOf(who, channel)
	c.matchers(who, channel.Matchers, channel.Origin, "matchers")
	c.settings(who, "", channel.Receiver.Fields, channel.Origin)
	c.channelRules(who, channel)
}

// withCarriers adds to what one version cannot carry which others can.
func (c *checker) withCarriers(channel score.AlertChannel, problem diag.Diagnostic) diag.Diagnostic {
	if problem.Code != backend.CodeUnsupportedChannel && problem.Code != backend.CodeUnsupportedSetting {
		return problem
	}
	versions := c.registry.CarriersOf(channel, problem)
	if len(versions) == 0 {
		problem.Detail = strings.TrimPrefix(problem.Detail+" No version of the monitoring API carries it.", " ")
		return problem
	}
	names := make([]string, len(versions))
	for i, version := range versions {
		names[i] = version.String()
	}
	problem.Detail = strings.TrimPrefix(problem.Detail+" "+quoteList(names, "and")+" can carry it.", " ")
	problem.Fix = strings.TrimPrefix(problem.Fix+", or write api_version = "+quoteList(names, "or"), ", or ")
	return problem
}
