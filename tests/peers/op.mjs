// An OpenID Provider with two people; log-in and consent happen at /interaction by plain form posts.
import Provider from "oidc-provider";
const [port, clients] = [Number(process.argv[2]), JSON.parse(process.argv[3])];
const issuer = `http://127.0.0.1:${port}`;
const people = JSON.parse(process.argv[4]);
if (people.huge) people.huge.huge = "9".repeat(1_000_000);
const provider = new Provider(issuer, {
  clients,
  pkce: { required: () => true },
  acrValues: ["urn:test:ial2", "urn:test:ial1"],
  claims: { openid: ["sub", "acr", "amr", "auth_time"], member: ["medicaid_id", "birthdate", "huge"], staff: ["email", "name", "groups"], acr: null, amr: null, auth_time: null },
  scopes: ["openid", "member", "staff"],
  conformIdTokenClaims: false,
  features: { devInteractions: { enabled: false } },
  findAccount: (ctx, id) => ({ accountId: id, claims: () => ({ sub: id, ...people[id] }) }),
  cookies: { keys: ["test"] },
  interactions: { url: (ctx, interaction) => `/interaction/${interaction.uid}` },
});
provider.proxy = true;
provider.use(async (ctx, next) => {
  const [, page, , act] = ctx.path.split("/");
  if (page !== "interaction") return next();
  const details = await provider.interactionDetails(ctx.req, ctx.res);
  if (ctx.query.cancel) {
    const refusal = { error: "access_denied", error_description: "the person said no" };
    return provider.interactionFinished(ctx.req, ctx.res, refusal, { mergeWithLastSubmission: false });
  }
  if (details.prompt.name === "login") {
    if (!ctx.query.person) { ctx.body = `<form><input name=person><button>Log in</button></form>`; return; }
    const { acr, amr } = people[ctx.query.person] ?? {};
    const login = { accountId: ctx.query.person, ...(acr ? { acr } : {}), ...(amr ? { amr } : {}) };
    return provider.interactionFinished(ctx.req, ctx.res, { login }, { mergeWithLastSubmission: false });
  }
  const grant = new provider.Grant({ accountId: details.session.accountId, clientId: details.params.client_id });
  grant.addOIDCScope(details.params.scope);
  return provider.interactionFinished(ctx.req, ctx.res, { consent: { grantId: await grant.save() } }, { mergeWithLastSubmission: true });
});
provider.listen(port, "127.0.0.1", () => console.log("ready"));
