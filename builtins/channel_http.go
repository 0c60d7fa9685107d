// SPDX-License-Identifier: Apache-2.0

// This file holds http_config and what it is made of, which all channels over HTTP share.

package builtins

import "github.com/harmonyscript/harmonyscript/runtime/score"

const httpExample = `ticket = webhook(
    name = "tickets",
    url = "https://tickets.example.com/alerts",
    http_config = http_config(
        authorization = authorization(credentials = secret(env = "TICKETS_TOKEN")),
        proxy_url = "http://proxy.example.com:3128",
        no_proxy = "10.0.0.0/8",
        follow_redirects = False,
    ),
)
deploy(monitoring_stack(V2_CRD, alert_channels = [ticket]))`

// openSecretSetting is a setting that the resources keep in a Secret, and Alertmanager's own configuration in the open.
func openSecretSetting(name, variable, doc string) Argument {
	a := secretSetting(name, variable, doc+": a secret; in a channel that goes into Alertmanager's own configuration, such as jira, a string.")
	a.Type, a.Format = OneOf(Secret(), String()), score.FormatText
	return a
}

// proxySettings are those of http_config and oauth2.
func proxySettings() []Argument {
	return []Argument{
		urlSetting("proxy_url", "Proxy that requests go through."),
		textSetting("no_proxy", "Hosts, domains and networks that are reached without the proxy, with commas between them."),
		flagSetting("proxy_from_environment", "Whether to take the proxy from the environment variables of the server's process."),
		{Name: "proxy_connect_header", Type: MapOf(ListOf(Secret())), Doc: "Headers that are sent to the proxy in CONNECT requests.", Hint: `proxy_connect_header = {"Proxy-Authorization": [secret(env = "PROXY_AUTHORIZATION")]}`},
	}
}

// httpSettings are those of http_config, which scrape targets have as arguments of their own. server is who connects.
func httpSettings(server string) []Argument {
	return append([]Argument{
		blockSetting("authorization", "authorization", "The Authorization header, such as a bearer token."),
		blockSetting("basic_auth", "basic_auth", "User and password."),
		blockSetting("oauth2", "oauth2", "Where to get a token with OAuth 2.0 client credentials."),
		blockSetting("tls_config", "tls_config", "Certificates and versions of TLS."),
		flagSetting("follow_redirects", "Whether to follow redirects; "+server+" does without this."),
		flagSetting("enable_http2", "Whether to use HTTP/2; "+server+" does without this."),
	}, proxySettings()...)
}

func httpSignatures() []Signature {
	proxyRule := atMostOne("proxy_url", "proxy_from_environment")
	return []Signature{
		Block("http_config", "how a channel, or the discovery of targets, connects over HTTP", "", httpExample,
			append(httpSettings("Alertmanager"), Argument{
				Name: "http_headers", Type: MapOf(ValueOf("http_header")), Doc: "Headers of every request of a channel, by name, but for those that the protocol and the authentication make.",
				Hint: `http_headers = {"X-Team": http_header(values = ["web"])}`,
			})...,
		).with(atMostOne("authorization", "basic_auth", "oauth2"), proxyRule),
		Block("http_header", "what a header of a channel's requests says", "A header is sent once for each of its values.",
			`ticket = jira(
    name = "tickets",
    api_url = "https://jira.example.com/rest/api/2/",
    project = "OPS",
    issue_type = "Bug",
    http_config = http_config(http_headers = {
        "X-Team": http_header(values = ["web"]),
        "X-Api-Key": http_header(secrets = [secret(env = "GATEWAY_KEY")]),
    }),
)
deploy(monitoring_stack(V2_CRD, alert_channels = [ticket]))`,
			Argument{Name: "values", Type: ListOf(String()), Format: score.FormatText, Doc: "Values that everybody may read.", Hint: `values = ["web"]`},
			Argument{Name: "secrets", Type: ListOf(Secret()), Doc: "Values that are secrets.", Hint: `secrets = [secret(env = "GATEWAY_KEY")]`},
		).with(atLeastOne(map[string]string{"values": `values = ["web"]`, "secrets": `secrets = [secret(env = "GATEWAY_KEY")]`}, "values", "secrets")),
		Block("authorization", "an Authorization header", "", httpExample,
			Argument{Name: "type", Type: String(), Default: "Bearer", Doc: "Word in front of the credentials; basic authentication has basic_auth of its own."},
			required(secretSetting("credentials", "TOKEN", "What follows the type: a token.")),
		),
		Block("basic_auth", "a user and a password", "",
			`ticket = webhook(
    name = "tickets",
    url = "https://tickets.example.com/alerts",
    http_config = http_config(basic_auth = basic_auth(username = secret(env = "TICKETS_USER"), password = secret(env = "TICKETS_PASSWORD"))),
)
deploy(monitoring_stack(V2_CRD, alert_channels = [ticket]))`,
			required(openSecretSetting("username", "USERNAME", "Name of the user")),
			secretSetting("password", "PASSWORD", "Password of the user."),
		),
		Block("oauth2", "OAuth 2.0 client credentials, with which a token is fetched", "",
			`ticket = webhook(
    name = "tickets",
    url = "https://tickets.example.com/alerts",
    http_config = http_config(oauth2 = oauth2(
        client_id = secret(env = "CLIENT_ID"),
        client_secret = secret(env = "CLIENT_SECRET"),
        token_url = "https://login.example.com/token",
        scopes = ["alerts:write"],
    )),
)
deploy(monitoring_stack(V2_CRD, alert_channels = [ticket]))`,
			append([]Argument{
				required(openSecretSetting("client_id", "CLIENT_ID", "Identifier of the client")),
				required(secretSetting("client_secret", "CLIENT_SECRET", "Secret of the client.")),
				required(urlSetting("token_url", "Where the token is fetched.")),
				{Name: "scopes", Type: ListOf(String()), Doc: "Scopes of the token."},
				{Name: "endpoint_params", Type: MapOf(String()), Doc: "Parameters that are added to the request for a token."},
				blockSetting("tls_config", "tls_config", "Certificates and versions of TLS for the request for a token."),
			}, proxySettings()...)...,
		).with(proxyRule),
		Block("tls_config", "certificates and versions of TLS", "Certificates are given by reference, like secrets: they live in a Secret of the cluster.",
			`ticket = webhook(
    name = "tickets",
    url = "https://tickets.example.com/alerts",
    http_config = http_config(tls_config = tls_config(
        ca = secret(name = "tickets-tls", key = "ca.crt"),
        cert = secret(name = "tickets-tls", key = "tls.crt"),
        key = secret(name = "tickets-tls", key = "tls.key"),
        server_name = "tickets.example.com",
        min_version = "TLS12",
    )),
)
deploy(monitoring_stack(V2_CRD, alert_channels = [ticket]))`,
			secretSetting("ca", "CA_CERTIFICATE", "Certificate of the authority that the server's must be signed by."),
			secretSetting("cert", "CLIENT_CERTIFICATE", "Certificate of the client."),
			secretSetting("key", "CLIENT_KEY", "Key of the client's certificate."),
			textSetting("server_name", "Name that the server's certificate must have, when it is not the host's."),
			flagSetting("insecure_skip_verify", "Whether to take any certificate. Whoever is between can read everything then."),
			enumSetting("min_version", "The oldest version of TLS that is taken.", tlsVersions()...),
			enumSetting("max_version", "The newest version of TLS that is taken.", tlsVersions()...),
		).with(together("cert", "key", `cert = secret(env = "CLIENT_CERTIFICATE")`, `key = secret(env = "CLIENT_KEY")`)),
	}
}

func tlsVersions() []string { return []string{"TLS12", "TLS13", "TLS11", "TLS10"} }
