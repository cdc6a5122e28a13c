using Microsoft.AspNetCore.Http;

namespace Graft.Server;

/// <summary>Everything that is served over HTTP: which path is whose, and what a failure looks like.</summary>
internal sealed class HttpApi : IAsyncDisposable
{
    /// <summary>The dialect's version, which its clients may look at, and ours.</summary>
    internal const string Version = "v10.2.7-graft";

    private readonly ServerOptions _options;
    private readonly RequestGate _gate;
    private readonly Route[] _routes;
    private readonly BodyBudget _bodies;
    private readonly WriteQueue _queue;
    private readonly MetricsPage _metrics;

    internal HttpApi(ServerOptions options, ClusterView cluster, ISqlDatabase database, Alarms alarms, RequestGate gate)
    {
        (_options, _gate, _bodies) = (options, gate, new BodyBudget(options.RequestsBytesMax));
        _metrics = new MetricsPage(cluster.Node.Id);
        _queue = new WriteQueue(new QueuedWriter(cluster.Group, database), options.QueueRequestsMax, options.DrainTimeout);
        var data = new DataApi(database, cluster, _queue);
        var files = new FileApi(database, cluster, data);
        var administration = new AdministrationApi(cluster, _queue);
        var members = new MembersApi(cluster);
        var events = new EventStream(cluster, alarms, gate.Closing);
        _routes =
        [
            new Route("/db/execute", IsPrefix: true) { Post = data.ExecuteAsync },
            new Route("/db/query", IsPrefix: true) { Get = data.QueryAsync, Post = data.QueryAsync },
            new Route("/db/request", IsPrefix: true) { Post = data.RequestAsync },
            new Route("/db/load", IsPrefix: true) { Post = files.LoadAsync },
            new Route("/db/sql", IsPrefix: true) { Get = data.SqlAsync, Post = data.SqlAsync },
            new Route("/db/backup", IsPrefix: true) { Get = files.BackupAsync },
            new Route("/boot") { Post = files.BootAsync },
            new Route("/status", IsPrefix: true) { Get = administration.StatusAsync },
            new Route("/nodes", IsPrefix: true) { Get = administration.NodesAsync },
            new Route("/readyz", IsPrefix: true) { Get = administration.ReadyAsync },
            new Route("/livez") { Get = administration.LiveAsync },
            new Route("/leader") { Get = administration.LeaderAsync, Post = administration.StepDownAsync },
            new Route("/remove", IsPrefix: true) { Delete = administration.RemoveAsync },
            new Route("/snapshot") { Post = administration.SnapshotAsync },
            new Route("/reap") { Post = AdministrationApi.ReapAsync },
            new Route("/metrics") { Get = _metrics.WriteAsync },
            new Route("/api/v1/cluster") { Get = members.ClusterAsync },
            new Route("/api/v1/members") { Post = members.ChangeAsync },
            new Route("/api/v1/events") { Get = events.ServeAsync },
            new Route("/api/v1/sessions") { Post = administration.OpenSessionAsync },
            new Route("/api/v1/outcome") { Get = administration.OutcomeAsync },
            new Route("/api/v1/queue") { Get = administration.QueueAsync },
        ];
    }

    internal async Task ServeAsync(HttpContext context)
    {
        SetCommonHeaders(context);
        string host = context.Request.Host.Host;
        if (_gate.Judge(host, context.Request.Host.Value ?? "", context.Request.Headers.Origin.ToString()) is var (status, why))
        {
            context.Response.StatusCode = status;
            await HttpText.WriteAsync(context, why);
            return;
        }

        if (!_gate.TryEnter())
        {
            context.Response.Headers.Connection = "close";
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            await HttpText.WriteAsync(context, "this node is stopping");
            return;
        }

        try
        {
            await ServeInsideAsync(context);
        }
        finally
        {
            _gate.Leave();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _queue.DisposeAsync();
        _metrics.Dispose();
    }

    private async Task ServeInsideAsync(HttpContext context)
    {
        try
        {
            await RouteAsync(context);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // Nobody is there to be told.
        }
        catch (Exception failure) when (Failures.IsKnown(failure) && !context.Response.HasStarted)
        {
            await Failures.AnswerAsync(context, failure);
        }
    }

    // Parameters are looked at before the path, and the path before the method: so does the dialect.
    private async Task RouteAsync(HttpContext context)
    {
        if (context.Request.Method == HttpMethods.Options)
        {
            return;
        }

        using var exchange = new Exchange(context, QueryParameters.Parse(context.Request.QueryString.Value ?? ""), _options, _bodies);
        string path = context.Request.Path.Value ?? "";
        if (Array.Find(_routes, route => route.Matches(path)) is not { } found)
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
        }
        else if (found.HandlerOf(context.Request.Method) is { } handler)
        {
            await handler(exchange);
        }
        else
        {
            context.Response.Headers.Allow = found.Methods;
            context.Response.StatusCode = StatusCodes.Status405MethodNotAllowed;
        }
    }

    private void SetCommonHeaders(HttpContext context)
    {
        IHeaderDictionary headers = context.Response.Headers;
        headers["X-RQLITE-VERSION"] = Version;
        headers.AccessControlAllowMethods = "OPTIONS, GET, POST";
        headers.AccessControlAllowHeaders = "Content-Type";
        string origin = context.Request.Headers.Origin.ToString();
        if (origin.Length > 0 && _gate.IsAllowed(origin))
        {
            headers.AccessControlAllowOrigin = origin;
            headers.Vary = "Origin";
        }
    }
}
