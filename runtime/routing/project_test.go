// SPDX-License-Identifier: Apache-2.0

package routing_test

import (
	"math/rand"
	"slices"
	"testing"

	"github.com/harmonyscript/harmonyscript/runtime/routing"
)

// TestOnly splits random trees in two and expects both parts together to deliver what the whole does.
func TestOnly(t *testing.T) {
	random := rand.New(rand.NewSource(11))
	delivered, smaller := 0, 0
	for round := range 400 {
		stack := randomStack(random)
		if round%4 == 0 {
			stack.Route = nil
		}
		channels := stack.AlertChannels
		top, err := routing.Compile(channels, stack.Route)
		if err != nil {
			t.Fatal(err)
		}
		mine := map[string]bool{}
		for i, c := range channels {
			mine[c.Name] = i%2 == 0
		}
		parts := []*routing.Node{
			top.Only(func(channel string) bool { return mine[channel] }),
			top.Only(func(channel string) bool { return !mine[channel] }),
		}
		for i, part := range parts {
			smaller += count(top) - count(part)
			for name := range mine {
				if mine[name] != (i == 0) && slices.Contains(channelsOf(part), name) {
					t.Fatalf("part %d delivers to %s, which is the other's", i, name)
				}
			}
		}
		whole, first, second := routing.Place(top, ""), routing.Place(parts[0], ""), routing.Place(parts[1], "")
		for range 200 {
			alert := randomAlert(random)
			want := whole.Channels(alert)
			got := append(first.Channels(alert), second.Channels(alert)...)
			slices.Sort(want)
			slices.Sort(got)
			if !slices.Equal(got, want) {
				t.Fatalf("alert %v: the parts deliver to %v, want %v", alert, got, want)
			}
			delivered += len(want)
		}
	}
	if delivered < 1000 || smaller == 0 {
		t.Errorf("got %d deliveries and %d nodes left out, want enough to prove something", delivered, smaller)
	}
}

func count(n *routing.Node) int {
	sum := 1
	for _, child := range n.Routes {
		sum += count(child)
	}
	return sum
}

func channelsOf(n *routing.Node) []string {
	names := []string{n.Channel}
	for _, child := range n.Routes {
		names = append(names, channelsOf(child)...)
	}
	return names
}
