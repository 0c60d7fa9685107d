// SPDX-License-Identifier: Apache-2.0

// This file finds out which settings of a channel a version cannot carry.

package calls

import (
	"fmt"
	"slices"
	"strings"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// Missing returns the paths of the channel's settings that the sender cannot carry, in Alertmanager's words and sorted, and
// the channel without them. whole reports that it cannot carry the channel at all. An error is for a problem of another kind.
func Missing(sender backend.Sender, channel score.AlertChannel) (missing []string, rest score.AlertChannel, whole bool, err error) {
	for problems := sender.Check(channel); len(problems) > 0; problems = sender.Check(channel) {
		if problems[0].Code == backend.CodeUnsupportedChannel {
			return nil, channel, true, nil
		}
		before := len(missing)
		for _, p := range problems {
			if _, setting, ok := strings.Cut(p.Summary, "has no setting "); ok && p.Code == backend.CodeUnsupportedSetting {
				missing = append(missing, setting)
				channel.Receiver.Fields = Without(channel.Receiver.Fields, strings.Split(setting, "."))
			}
		}
		if len(missing) == before {
			return nil, channel, false, fmt.Errorf("%s: %w", channel.Constructor, problems)
		}
	}
	slices.Sort(missing)
	return slices.Compact(missing), channel, false, nil
}

// Without returns the settings but for the one at path, in every block that has it.
func Without(fields []score.Field, path []string) []score.Field {
	var kept []score.Field
	for _, f := range fields {
		switch {
		case f.Name != path[0]:
		case len(path) == 1:
			continue
		default:
			switch value := f.Value.(type) {
			case score.Block:
				value.Fields = Without(value.Fields, path[1:])
				f.Value = value
			case []score.Block:
				blocks := slices.Clone(value)
				for i := range blocks {
					blocks[i].Fields = Without(blocks[i].Fields, path[1:])
				}
				f.Value = blocks
			}
		}
		kept = append(kept, f)
	}
	return kept
}
