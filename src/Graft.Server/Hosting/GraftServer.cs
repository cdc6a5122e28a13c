using System.Buffers.Binary;
using System.Net;
using System.Runtime.ExceptionServices;
using System.Security.Cryptography;
using Graft.Network;
using Graft.Sqlite;
using Graft.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Graft.Server;

/// <summary>A node with a replicated SQLite database, and HTTP for its clients on the node's own port.</summary>
/// <remarks>
/// Dispose it to stop it: requests that are under way end, queued writes are written, leadership is handed over, the log is closed in order.
/// Signals of the process are left to the program. Any thread.
/// </remarks>
public sealed class GraftServer : IAsyncDisposable
{
    private readonly ServerOptions _options;
    private readonly WebApplication _web;
    private readonly RequestGate _gate;
    private readonly TaskCompletionSource _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private HttpApi? _api;
    private GraftNode? _node;
    private SqliteDatabase? _database;
    private readonly CancellationTokenSource _ended = new();
    private Task? _stopping;

    private GraftServer(ServerOptions options, SharedPort port, IPAddress ip)
    {
        (_options, _gate) = (options, new RequestGate(options));
        _web = Build(port, ip);
    }

    /// <summary>The node.</summary>
    public GraftNode Node => _node!;

    /// <summary>The database, without HTTP in between.</summary>
    public SqliteDatabase Database => _database!;

    /// <summary>Where clients and other nodes reach it: what it advertises, or else where it listens, with the port that the system chose if none was named.</summary>
    public NodeAddress Address { get; private set; }

    /// <summary>Ends when the server has stopped; with the node's failure as soon as it can't go on. Dispose the server then, and end the process.</summary>
    public Task Stopped => _stopped.Task;

    /// <summary>Starts it. It ends once the node is up and has joined if it's to; until then requests are answered that it starts (503).</summary>
    /// <param name="options">What it's told.</param>
    /// <param name="cancellation">Gives the start up.</param>
    /// <inheritdoc cref="GraftNode.StartAsync(NodeOptions, Func{IStateMachine}, CancellationToken)" path="/exception"/>
    /// <exception cref="SqliteLibraryException">The library of SQLite isn't there, or lacks something.</exception>
    public static async Task<GraftServer> StartAsync(ServerOptions options, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate(hasDisk: false);
        var machine = new SqliteStateMachine(options.SqliteOptions());
        SqliteDatabase? database = null;
        var seams = new ServerSeams
        {
            Machine = () => machine,
            Database = group => new ReplicatedDatabase(database = new SqliteDatabase(group, machine)),
        };
        GraftServer server;
        try
        {
            server = await StartAsync(options, seams, cancellation);
        }
        catch
        {
            await machine.DisposeAsync();
            throw;
        }

        server._database = database;
        try
        {
            await server.AgreeAsync(cancellation);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts it upon something else.</summary>
    /// <param name="options">What it's told.</param>
    /// <param name="seams">What it's set upon.</param>
    /// <param name="cancellation">Gives the start up.</param>
    /// <inheritdoc cref="GraftNode.StartAsync(NodeOptions, Func{IStateMachine}, CancellationToken)" path="/exception"/>
    internal static async Task<GraftServer> StartAsync(ServerOptions options, ServerSeams seams, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate(hasDisk: seams.Disk is not null);
        var sockets = new SocketNetwork(new SocketNetworkOptions { Tls = options.Tls });
        if (options.Tls is not null)
        {
            // A certificate that can't be read fails the start, and not each handshake after it.
            _ = sockets.ReadServerAuthentication();
        }

        var port = new SharedPort(sockets, options.HttpConnectionsMax);
        var server = new GraftServer(options, port, await ResolveAsync(options.Listen, cancellation));
        try
        {
            await server.RunAsync(seams, port, cancellation);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Stops it. Called again, it waits for the first call.</summary>
    public async ValueTask DisposeAsync()
    {
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        if (Interlocked.CompareExchange(ref _stopping, ended.Task, null) is { } stopping)
        {
            await stopping;
            return;
        }

        try
        {
            await StopAsync();
        }
        finally
        {
            ended.TrySetResult();
            _stopped.TrySetResult();
        }
    }

    private static async Task<IPAddress> ResolveAsync(NodeAddress listen, CancellationToken cancellation)
    {
        try
        {
            return await SocketNetwork.ResolveAsync(listen.Host, cancellation);
        }
        catch (System.Net.Sockets.SocketException unknown)
        {
            throw new IOException($"Can't listen on {listen}: {unknown.Message}", unknown);
        }
    }

    private WebApplication Build(SharedPort port, IPAddress ip)
    {
        // The empty builder: neither files nor the environment have a say in where this listens.
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.RemoveAll<IHostLifetime>();
        builder.Services.AddSingleton<IHostLifetime, QuietLifetime>();
        if (_options.LoggerFactory is { } loggers)
        {
            builder.Services.RemoveAll<ILoggerFactory>();
            builder.Services.AddSingleton(loggers);
        }

        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = _options.RequestBytesMax;
            kestrel.Listen(ip, _options.Listen.Port, listen => Divide(listen, port));
        });
        WebApplication web = builder.Build();
        web.Run(ServeAsync);
        return web;
    }

    private void Divide(ListenOptions listen, SharedPort port)
    {
        if (_options.Tls is not null)
        {
            listen.UseHttps(new TlsHandshakeCallbackOptions { OnConnection = _ => ValueTask.FromResult(port.ReadServerAuthentication()) });
        }

        listen.Use((ConnectionDelegate http) => context => port.DivideAsync(context, http));
    }

    private async Task RunAsync(ServerSeams seams, SharedPort port, CancellationToken cancellation)
    {
        await _web.StartAsync(cancellation);
        var listens = new NodeAddress(_options.Listen.Host, new Uri(_web.Urls.Single()).Port);
        Address = _options.Advertised ?? listens;
        var node = new NodeOptions
        {
            Listen = listens,
            Advertised = _options.Advertised,
            Found = _options.Found,
            JoinAs = _options.JoinAs,
            DefaultTimeout = _options.DefaultTimeout,
            Logger = _options.LoggerFactory?.CreateLogger("Graft"),
        };
        foreach (NodeAddress seed in _options.Join)
        {
            node.Join.Add(seed);
        }

        _options.ConfigureNode?.Invoke(node);
        var alarms = new Alarms();
        node.OnAlarm += alarms.Add;
        var under = new NodeSeams
        {
            Disk = seams.Disk ?? new FileDisk(_options.DataDirectory!),
            Time = SuspendAwareTime.Instance,
            Seed = BinaryPrimitives.ReadUInt64LittleEndian(RandomNumberGenerator.GetBytes(sizeof(ulong))),
            Network = port,
        };
        _node = await GraftNode.StartAsync(node, under, group => group == GraftNode.DefaultGroup ? seams.Machine() : null, cancellation);

        // The directory is this process's alone by now.
        _options.DeleteUploads();
        Volatile.Write(ref _api, new HttpApi(_options, new ClusterView(_node, Address, _options), seams.Database(_node.Group()), alarms, _gate));
        _ = WatchAsync(_node);
    }

    // Whoever writes through the cluster's own protocol can't propose what to compute with, so the nodes do. One that is started while there's no
    // quorum isn't held up by that for long: it answers local reads.
    private async Task AgreeAsync(CancellationToken cancellation)
    {
        Task agreed = Database.UntilAgreedAsync(_ended.Token);
        try
        {
            await agreed.WaitAsync(_options.DefaultTimeout, cancellation);
        }
        catch (TimeoutException)
        {
            // It goes on in the background.
        }
    }

    private async Task WatchAsync(GraftNode node)
    {
        if (await node.Failed is { } failure)
        {
            _stopped.TrySetException(failure);
        }
        else
        {
            // Removed, and asked to stop then: there is nothing left to serve.
            await DisposeAsync();
        }
    }

    private async Task ServeAsync(HttpContext context)
    {
        if (Volatile.Read(ref _api) is { } api)
        {
            await api.ServeAsync(context);
            return;
        }

        context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        await HttpText.WriteAsync(context, "this node is starting");
    }

    // Nodes reach this one through the web server, so that goes last: a leader hands over first.
    private async Task StopAsync()
    {
        Exception? failure = null;
        Task empty = _gate.CloseAsync();
        await _ended.CancelAsync();
        await AttemptAsync(() => empty.WaitAsync(_options.DrainTimeout, CancellationToken.None));
        await AttemptAsync(async () => await (_api?.DisposeAsync() ?? ValueTask.CompletedTask));
        await AttemptAsync(async () => await (_node?.DisposeAsync() ?? ValueTask.CompletedTask));
        await AttemptAsync(async () =>
        {
            using var patience = new CancellationTokenSource(_options.DrainTimeout);
            await _web.StopAsync(patience.Token);
        });
        await AttemptAsync(async () => await _web.DisposeAsync());
        await AttemptAsync(async () => await (_database?.Machine.DisposeAsync() ?? ValueTask.CompletedTask));
        _ended.Dispose();
        _gate.Dispose();
        if (failure is not null)
        {
            ExceptionDispatchInfo.Throw(failure);
        }

        // Each part lets go of what it holds, whatever became of the others.
        async Task AttemptAsync(Func<Task> stop)
        {
            try
            {
                await stop();
            }
            catch (TimeoutException)
            {
                // Whoever still waits is cut off.
            }
#pragma warning disable CA1031 // Thrown below, when all has been stopped.
            catch (Exception thrown)
#pragma warning restore CA1031
            {
                failure ??= thrown;
            }
        }
    }
}
