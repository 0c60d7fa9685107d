// SPDX-License-Identifier: Apache-2.0

// This file describes the receivers that only the raw configuration of an Alertmanager has, as the operators read it.

package alertmanagerconfig

// The operators read the raw configuration with types of their own, which they do not export, and refuse the whole
// configuration for one setting that these lack. The types here say what they have, in the way that the other dialects
// do: by Go types with names in JSON. Alertmanager itself knows more of these channels than the operators do.

// secretFile is the path of a file with a secret. Its field is called as the setting with the ending "_file".
type secretFile string

// textOrBlock is a text that Alertmanager takes as a block with a template too, where the operators take the text only.
type textOrBlock string

// rawReceiver has the integrations that prometheus-operator's AlertmanagerConfig lacks.
type rawReceiver struct {
	Incidentio []rawIncidentio `json:"incidentio_configs,omitempty"`
	Jira       []rawJira       `json:"jira_configs,omitempty"`
	Mattermost []rawMattermost `json:"mattermost_configs,omitempty"`
}

// rawReceiverRHOBS is what the fork reads, which does not know the texts of a message outside of its attachments.
type rawReceiverRHOBS struct {
	Incidentio []rawIncidentio      `json:"incidentio_configs,omitempty"`
	Jira       []rawJira            `json:"jira_configs,omitempty"`
	Mattermost []rawMattermostRHOBS `json:"mattermost_configs,omitempty"`
}

type rawIncidentio struct {
	SendResolved         bool       `json:"send_resolved,omitempty"`
	URL                  string     `json:"url,omitempty"`
	URLFile              secretFile `json:"url_file,omitempty"`
	AlertSourceTokenFile secretFile `json:"alert_source_token_file,omitempty"`
	MaxAlerts            int32      `json:"max_alerts,omitempty"`
	Timeout              string     `json:"timeout,omitempty"`
	HTTPConfig           rawHTTP    `json:"http_config,omitzero"`
}

type rawJira struct {
	SendResolved      bool           `json:"send_resolved,omitempty"`
	APIURL            string         `json:"api_url,omitempty"`
	APIType           string         `json:"api_type,omitempty"`
	Project           string         `json:"project"`
	IssueType         string         `json:"issue_type"`
	Summary           textOrBlock    `json:"summary,omitempty"`
	Description       textOrBlock    `json:"description,omitempty"`
	Labels            []string       `json:"labels,omitempty"`
	Priority          string         `json:"priority,omitempty"`
	ReopenTransition  string         `json:"reopen_transition,omitempty"`
	ResolveTransition string         `json:"resolve_transition,omitempty"`
	WontFixResolution string         `json:"wont_fix_resolution,omitempty"`
	ReopenDuration    string         `json:"reopen_duration,omitempty"`
	Fields            map[string]any `json:"fields,omitempty"`
	HTTPConfig        rawHTTP        `json:"http_config,omitzero"`
}

type rawMattermost struct {
	rawMattermostRHOBS   `json:",inline"`
	rawMattermostMessage `json:",inline"`
}

type rawMattermostRHOBS struct {
	SendResolved   bool                   `json:"send_resolved,omitempty"`
	WebhookURLFile secretFile             `json:"webhook_url_file"`
	Channel        string                 `json:"channel,omitempty"`
	Username       string                 `json:"username,omitempty"`
	Text           string                 `json:"text,omitempty"`
	IconURL        string                 `json:"icon_url,omitempty"`
	IconEmoji      string                 `json:"icon_emoji,omitempty"`
	Attachments    []rawMattermostBlock   `json:"attachments,omitempty"`
	Props          rawMattermostProps     `json:"props,omitzero"`
	Priority       *rawMattermostPriority `json:"priority,omitempty"`
	HTTPConfig     rawHTTP                `json:"http_config,omitzero"`
}

// rawMattermostBlock is an attachment.
type rawMattermostBlock struct {
	rawMattermostMessage `json:",inline"`
	Text                 string `json:"text,omitempty"`
}

// rawMattermostMessage is what a message and an attachment have in common, but for the text.
type rawMattermostMessage struct {
	Fallback   string               `json:"fallback,omitempty"`
	Color      string               `json:"color,omitempty"`
	Pretext    string               `json:"pretext,omitempty"`
	AuthorName string               `json:"author_name,omitempty"`
	AuthorLink string               `json:"author_link,omitempty"`
	AuthorIcon string               `json:"author_icon,omitempty"`
	Title      string               `json:"title,omitempty"`
	TitleLink  string               `json:"title_link,omitempty"`
	Fields     []rawMattermostField `json:"fields,omitempty"`
	ThumbURL   string               `json:"thumb_url,omitempty"`
	Footer     string               `json:"footer,omitempty"`
	FooterIcon string               `json:"footer_icon,omitempty"`
	ImageURL   string               `json:"image_url,omitempty"`
}

type rawMattermostField struct {
	Title string `json:"title,omitempty"`
	Value string `json:"value,omitempty"`
	Short bool   `json:"short,omitempty"`
}

type rawMattermostProps struct {
	Card string `json:"card,omitempty"`
}

type rawMattermostPriority struct {
	Priority                string `json:"priority,omitempty"`
	RequestedAck            bool   `json:"requested_ack,omitempty"`
	PersistentNotifications bool   `json:"persistent_notifications,omitempty"`
}

// rawHTTP lacks proxy_connect_header: the operators read it as open text only, and it holds secrets.
type rawHTTP struct {
	Authorization   rawAuthorization `json:"authorization,omitzero"`
	BasicAuth       rawBasicAuth     `json:"basic_auth,omitzero"`
	OAuth2          *rawOAuth2       `json:"oauth2,omitempty"`
	TLSConfig       rawTLS           `json:"tls_config,omitzero"`
	FollowRedirects bool             `json:"follow_redirects,omitempty"`
	EnableHTTP2     bool             `json:"enable_http2,omitempty"`
	rawProxy        `json:",inline"`
	HTTPHeaders     map[string]rawHeader `json:"http_headers,omitempty"`
}

// rawHeader has files where Alertmanager has secrets, too: the operators would write a secret as "<secret>".
type rawHeader struct {
	Values []string     `json:"values,omitempty"`
	Files  []secretFile `json:"files,omitempty"`
}

type rawProxy struct {
	ProxyURL             string `json:"proxy_url,omitempty"`
	NoProxy              string `json:"no_proxy,omitempty"`
	ProxyFromEnvironment bool   `json:"proxy_from_environment,omitempty"`
}

type rawAuthorization struct {
	Type            string     `json:"type,omitempty"`
	CredentialsFile secretFile `json:"credentials_file,omitempty"`
}

type rawBasicAuth struct {
	Username     string     `json:"username,omitempty"`
	PasswordFile secretFile `json:"password_file,omitempty"`
}

type rawOAuth2 struct {
	ClientID         string            `json:"client_id"`
	ClientSecretFile secretFile        `json:"client_secret_file"`
	TokenURL         string            `json:"token_url"`
	Scopes           []string          `json:"scopes,omitempty"`
	EndpointParams   map[string]string `json:"endpoint_params,omitempty"`
	TLSConfig        rawTLS            `json:"tls_config,omitzero"`
	rawProxy         `json:",inline"`
}

type rawTLS struct {
	CAFile             secretFile `json:"ca_file,omitempty"`
	CertFile           secretFile `json:"cert_file,omitempty"`
	KeyFile            secretFile `json:"key_file,omitempty"`
	ServerName         string     `json:"server_name,omitempty"`
	InsecureSkipVerify bool       `json:"insecure_skip_verify,omitempty"`
	MinVersion         string     `json:"min_version,omitempty"`
	MaxVersion         string     `json:"max_version,omitempty"`
}
