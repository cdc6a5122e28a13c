using Graft;

// HTTP as the web has it: a version is an ETag, compare-and-set is If-Match, and "only if it's new" is If-None-Match: *.
WebApplicationBuilder builder = WebApplication.CreateBuilder(args);
builder.Services.AddGraft<Store, Change, Outcome>(builder.Configuration.GetSection("Raft"));
builder.Services.AddExceptionHandler<Failures>().AddProblemDetails();
WebApplication app = builder.Build();
app.UseExceptionHandler();

app.MapGet("/{key}", async (string key, bool? stale, RaftNode<Store, Change, Outcome> node, HttpResponse response, CancellationToken gone) =>
{
    ReadConsistency freshness = stale is true ? ReadConsistency.Local : ReadConsistency.Linearizable;
    Entry? entry = await node.ReadAsync(store => store.Find(key), freshness, gone);
    response.Headers.ETag = Tag(entry?.Version);
    return entry is null ? Results.NotFound() : Results.Text(entry.Value);
});

app.MapPut("/{key}", async (string key, HttpRequest request, RaftNode<Store, Change, Outcome> node, CancellationToken gone) =>
{
    using var body = new StreamReader(request.Body);
    string value = await body.ReadToEndAsync(gone);
    return await ChangeAsync(key, value, request, node, gone);
});

app.MapDelete("/{key}", (string key, HttpRequest request, RaftNode<Store, Change, Outcome> node, CancellationToken gone) =>
    ChangeAsync(key, value: null, request, node, gone));

await app.RunAsync();

static async Task<IResult> ChangeAsync(
    string key, string? value, HttpRequest request, RaftNode<Store, Change, Outcome> node, CancellationToken gone)
{
    if (!TryReadCondition(request.Headers, out ulong? expected))
    {
        return Results.BadRequest("If-Match takes one version as it was answered, If-None-Match takes * only.");
    }

    Outcome outcome = await node.ProposeAsync(new Change(key, value, expected), gone);
    request.HttpContext.Response.Headers.ETag = Tag(outcome.Version);
    return outcome.IsDone ? Results.NoContent() : Results.StatusCode(StatusCodes.Status412PreconditionFailed);
}

// Whatever isn't understood is refused: a condition that is passed over would be a write without one.
static bool TryReadCondition(IHeaderDictionary headers, out ulong? expected)
{
    (string match, string noneMatch) = (headers.IfMatch.ToString(), headers.IfNoneMatch.ToString());
    bool isVersion = ulong.TryParse(match.Trim('"'), out ulong version) && version > 0;
    expected = isVersion ? version : noneMatch == "*" ? 0 : null;
    return (isVersion || match.Length == 0) && noneMatch is "" or "*" && !(isVersion && noneMatch == "*");
}

static string? Tag(ulong? version) => version is > 0 ? $"\"{version}\"" : null;
