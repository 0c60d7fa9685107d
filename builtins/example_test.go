// SPDX-License-Identifier: Apache-2.0

package builtins_test

import (
	"context"
	"fmt"

	"go.starlark.net/starlark"

	"github.com/harmonyscript/harmonyscript/builtins"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/host"
	"github.com/harmonyscript/harmonyscript/runtime/score"
	"github.com/harmonyscript/harmonyscript/stdlib"
)

// A program embeds the language: it runs a script and works with the values of package score that it deploys.
func Example() {
	h := builtins.Standard().Host(host.Options{
		Stdlib:     stdlib.Files(),
		Parameters: map[string]string{"teams": "blue,green"},
		Print:      func(at score.Position, text string) { fmt.Printf("%s: %s\n", at, text) },
	})
	result, problems := h.RunSource(context.Background(), "teams.star", `
load("@stdlib//alerts/general.star", "watchdog")
stack = monitoring_stack(V2_CRD, alert_rules = [watchdog()])
teams = param("teams", default = ["blue"], help = "who gets monitoring")
print("teams:", teams)
deploy([tenant_monitoring(team, stack) for team in teams])
`)
	if len(problems) > 0 {
		fmt.Print(problems.Render(result.Sources, diag.Style{}))
		return
	}
	for _, s := range result.Deployment.Scores {
		fmt.Println(s.Title(), "made at", s.Source().Position())
	}
	// Output:
	// teams.star:5:1: teams: ["blue", "green"]
	// tenant_monitoring "blue" made at teams.star:6:9
	// tenant_monitoring "green" made at teams.star:6:9
}

// What is wrong with a script comes back as diagnostics, with the place and the fix.
func Example_diagnostics() {
	h := builtins.Standard().Host(host.Options{})
	result, problems := h.RunSource(context.Background(), "channel.star",
		`on_call = discord(name = "on-call", webhook_url = "https://discord.com/api/webhooks/1/hunter2")`)
	fmt.Print(problems.Render(result.Sources, diag.Style{}))
	// Output:
	// error: discord: argument "webhook_url": got string, want secret [plain-secret]
	//  --> channel.star:1:51
	//   |
	// 1 | on_call = discord(name = "on-call", webhook_url = "******************************************")
	//   |                                                   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
	//   = fix: write webhook_url = secret(env = "DISCORD_WEBHOOK_URL")
}

// heartbeat is a score of an embedding program's own.
type heartbeat struct {
	origin score.Origin
	url    string
}

func (heartbeat) Kind() string           { return "heartbeat" }
func (h heartbeat) Title() string        { return fmt.Sprintf("heartbeat %q", h.url) }
func (h heartbeat) Source() score.Origin { return h.origin }

// A program adds a constructor of its own. Argument checking, printing, comparison, fields, .replace and the
// documentation all come from its signature.
func ExampleLibrary_With() {
	library, err := builtins.Standard().With(builtins.Signature{
		Name: "heartbeat", Family: "scores", Summary: "an address that must answer", Result: "score", Positional: 1,
		Arguments: []builtins.Argument{
			{Name: "url", Type: builtins.String(), Required: true, Doc: "Address that is asked."},
			{Name: "every", Type: builtins.String(), Default: "1m", Doc: "Time between two questions, as a duration.", Hint: `every = "30s"`},
		},
		Example: `deploy(heartbeat("https://example.com"))`,
		Build: func(c *builtins.Call) (any, error) {
			return heartbeat{origin: c.Origin(), url: c.String("url")}, nil
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	h := library.Host(host.Options{})
	result, _ := h.RunSource(context.Background(), "own.star", `
h = heartbeat("https://example.com")
slow = h.replace(every = "5m")
deploy(slow)
`)
	fmt.Println(result.Globals["slow"], result.Globals["h"].(starlark.HasAttrs).AttrNames())
	fmt.Println(result.Deployment.Scores[0].Title())

	_, problems := h.RunSource(context.Background(), "own.star", `heartbeat("https://example.com", evry = 5)`)
	fmt.Println(problems[0].Summary+";", problems[0].Fix)
	// Output:
	// heartbeat(url = "https://example.com", every = "5m") [every replace url]
	// heartbeat "https://example.com"
	// heartbeat: unknown argument "evry"; did you mean "every"?
}

// A new alert channel is a table of its receiver's fields under the names of Alertmanager's configuration. It knows
// no version of the monitoring API; a sender carries it as soon as its resource knows the receiver.
func ExampleChannel() {
	library, err := builtins.Standard().With(builtins.Channel(
		"pigeon", "an alert channel that has wings", "",
		`pigeon(name = "chat", token = secret(env = "TOKEN"))`,
		builtins.Argument{Name: "token", Type: builtins.Secret(), Required: true, Doc: "Token of the user who posts."},
		builtins.Argument{Name: "channel", Type: builtins.String(), Doc: "Where to post."},
	))
	if err != nil {
		fmt.Println(err)
		return
	}
	result, problems := library.Host(host.Options{}).RunSource(context.Background(), "chat.star", `
chat = pigeon(
    name = "chat",
    token = secret(env = "TOKEN"),
    channel = "#alerts",
    matchers = ['severity="critical"'],
)
deploy(monitoring_stack(V2_CRD, alert_channels = [chat]))
`)
	if len(problems) > 0 {
		fmt.Print(problems.Render(result.Sources, diag.Style{}))
		return
	}
	channel := result.Deployment.Scores[0].(score.MonitoringStack).AlertChannels[0]
	fmt.Println(channel.Name, channel.Matchers, channel.Receiver.Integration)
	for _, field := range channel.Receiver.Fields {
		fmt.Printf("%s: %v\n", field.Name, field.Value)
	}
	// Output:
	// chat [severity="critical"] pigeon
	// token: secret(env = "TOKEN")
	// channel: #alerts
}
