// SPDX-License-Identifier: Apache-2.0

// This file holds secret and remote_write.

package builtins

import (
	"slices"
	"strings"

	"github.com/harmonyscript/harmonyscript/runtime/score"
)

func settingSignatures() []Signature {
	return []Signature{
		{
			Name: "secret", Family: "settings", Result: kindSecret,
			Summary: "a secret by reference: where its value is kept, never the value itself",
			Doc:     "Give exactly one source: env, file, or name together with key. The value is read just before it is sent to the cluster.",
			Arguments: []Argument{
				{Name: "env", Type: String(), Doc: "Environment variable of the process that applies.", Hint: `env = "DISCORD_WEBHOOK_URL"`},
				{Name: "file", Type: String(), Doc: "File on the machine that applies, relative to the script's folder. One newline at its end is dropped.", Hint: `file = "secrets/webhook"`},
				{Name: "name", Type: String(), Doc: "Kubernetes Secret that already exists in the namespace where it is used."},
				{Name: "key", Type: String(), Doc: "Key in that Secret."},
			},
			Example: `on_call = discord(name = "on-call", webhook_url = secret(name = "discord", key = "webhook-url"))
deploy(monitoring_stack(V2_CRD, alert_channels = [on_call]))`,
			Validate: validateSecret,
			Build: func(c *Call) (any, error) {
				s := score.Secret{Origin: c.Origin()}
				switch {
				case c.Given("env"):
					s.Source, s.Name = score.SecretFromEnvironment, c.String("env")
				case c.Given("file"):
					s.Source, s.Name = score.SecretFromFile, c.String("file")
				default:
					s.Source, s.Name, s.Key = score.SecretFromCluster, c.String("name"), c.String("key")
				}
				return s, nil
			},
		},
		{
			Name: "remote_write", Family: "settings", Result: kindRemoteWrite,
			Summary: "another system that samples are sent to",
			Arguments: []Argument{
				{Name: "url", Type: String(), Required: true, Doc: "Address of the remote write endpoint.", Hint: `url = "https://…/api/v1/write"`},
				{Name: "name", Type: String(), Doc: "Name that tells several apart in Prometheus' own metrics."},
				{Name: "bearer_token", Type: Secret(), Doc: "Token for the Authorization header.", Hint: `bearer_token = secret(env = "REMOTE_WRITE_TOKEN")`},
				{Name: "username", Type: Secret(), Doc: "User for basic authentication.", Hint: `username = secret(env = "REMOTE_WRITE_USER")`},
				{Name: "password", Type: Secret(), Doc: "Password for basic authentication.", Hint: `password = secret(env = "REMOTE_WRITE_PASSWORD")`},
			},
			Example: `archive = remote_write(url = "https://archive.example.com/api/v1/write", bearer_token = secret(env = "ARCHIVE_TOKEN"))
deploy(monitoring_stack(V2_CRD, remote_write = [archive]))`,
			Validate: func(given func(string) bool) []Problem {
				switch {
				case given("bearer_token") && (given("username") || given("password")):
					return []Problem{{Argument: "bearer_token", Text: "got a token and basic authentication, want one of them"}}
				case given("username") != given("password"):
					return []Problem{{Text: "got only one of username and password, want both or none"}}
				}
				return nil
			},
			Build: func(c *Call) (any, error) {
				return score.RemoteWrite{
					Origin: c.Origin(), URL: c.String("url"), Name: c.String("name"),
					BearerToken: c.Secret("bearer_token"), Username: c.Secret("username"), Password: c.Secret("password"),
				}, nil
			},
		},
	}
}

func validateSecret(given func(string) bool) []Problem {
	const fix = `write secret(env = "NAME"), secret(file = "path"), or secret(name = "name", key = "key")`
	var sources []string
	for _, source := range []string{"env", "file"} {
		if given(source) {
			sources = append(sources, source)
		}
	}
	switch cluster := given("name") || given("key"); {
	case cluster && len(sources) == 0 && !given("key"):
		return []Problem{{Text: `got name without key, want both`, Fix: fix}}
	case cluster && len(sources) == 0 && !given("name"):
		return []Problem{{Text: `got key without name, want both`, Fix: fix}}
	case cluster && len(sources) == 0:
		return nil
	case cluster:
		sources = append(sources, slices.DeleteFunc([]string{"name", "key"}, func(a string) bool { return !given(a) })...)
	}
	switch len(sources) {
	case 0:
		return []Problem{{Text: "got no source, want env, file, or name and key", Fix: fix}}
	case 1:
		return nil
	default:
		return []Problem{{Argument: sources[1], Text: "got " + strings.Join(sources, " and ") + ", want one source", Fix: fix}}
	}
}
