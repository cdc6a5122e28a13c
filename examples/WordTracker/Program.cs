using System.Text;
using Graft;

// The word tracker of Tiny Raft, on Graft: the same variables, the same two endpoints. ASPNETCORE_URLS moves it away from port 8000.
NodeOptions options;
try
{
    options = TinyRaft.ReadOptions(Environment.GetEnvironmentVariable);
}
catch (FormatException wrong)
{
    await Console.Error.WriteLineAsync(wrong.Message);
    return 1;
}

WebApplicationBuilder builder = WebApplication.CreateBuilder(args);
builder.WebHost.UseUrls(builder.Configuration["urls"] ?? "http://*:8000");
await using GraftNode node = await GraftNode.StartAsync(options, () => new WordTracker());
await using WebApplication app = builder.Build();

app.MapPost("/word", async (HttpRequest request, CancellationToken gone) =>
{
    var word = new MemoryStream();
    await request.Body.CopyToAsync(word, gone);
    return await AnswerAsync(async () =>
    {
        await node.Group().WriteAsync(word.ToArray(), default, gone);
        return Results.StatusCode(StatusCodes.Status201Created);
    });
});

app.MapGet("/word/", (CancellationToken gone) => AnswerAsync(async () =>
{
    QueryResult words = await node.Group().QueryAsync(default, cancellation: gone);
    return Results.Text(words.Answer.Span, "text/plain", StatusCodes.Status202Accepted);
}));

Console.WriteLine($"{Environment.GetEnvironmentVariable("NODE_ID") ?? node.Id.ToString()} listens on {node.Address}");
await app.RunAsync();
return 0;

static async Task<IResult> AnswerAsync(Func<Task<IResult>> call)
{
    try
    {
        return await call();
    }
    catch (GraftException failure)
    {
        return Results.Text(failure.Message, "text/plain", Encoding.UTF8, StatusCodes.Status500InternalServerError);
    }
}
