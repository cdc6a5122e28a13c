using System.Buffers;

namespace Graft.Network;

/// <summary>Listens, before a cluster is founded, whether somebody takes this address for a member of a cluster that there is.</summary>
/// <remarks>
/// A node that lost its disk and is started with the options of its first start would found a second cluster at the first one's address. Its
/// peers still dial it. So whoever is about to found waits for longer than they pause between two attempts.
/// </remarks>
public static class FoundingWatch
{
    // What a timer and a hello take.
    private static readonly TimeSpan Margin = TimeSpan.FromMilliseconds(500);

    /// <summary>How long to listen: the longest pause between two attempts, the longest attempt that comes to nothing, and a little. 5.5 seconds by default.</summary>
    /// <param name="options">The patience of whoever dials.</param>
    public static TimeSpan WaitOf(EndpointOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return (options.BackOffMax * 1.5) + options.ConnectTimeout + Margin;
    }

    /// <summary>Whether listening there makes sense: others know the address beforehand, and are on other machines.</summary>
    /// <remarks>
    /// Nobody looks for a node at a port that the system draws anew at each start. A loopback address is reached from this machine alone: who
    /// holds it in another cluster runs beside the directory that was emptied, which is how clusters are tried out; seconds for each
    /// first start would cost more than the second cluster there, and the two never mix (each hello names its cluster).
    /// </remarks>
    /// <param name="listen">Where the node listens.</param>
    /// <param name="advertised">What it tells others, if something else.</param>
    public static bool IsWorthWhile(NodeAddress listen, NodeAddress? advertised) =>
        listen.Port != 0 && !((advertised ?? listen).IsLoopback && listen.IsLoopback);

    /// <summary>Listens until somebody has come or the wait is over. Whoever comes is refused: the node isn't up yet.</summary>
    /// <param name="network">What moves the bytes.</param>
    /// <param name="options">The patience of whoever dials: a cluster's nodes are told the same.</param>
    /// <param name="address">Where to listen.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>The hello of a node of a cluster that expects a member here; null if none came.</returns>
    /// <exception cref="IOException">It can't listen there.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static async Task<Hello?> ListenAsync(
        INetwork network, EndpointOptions options, NodeAddress address, TimeProvider time, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(network);
        using var over = new CancellationTokenSource(WaitOf(options), time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(over.Token, cancellation);
        Hello? heard = null;
        Action<Hello> hear = hello =>
        {
            // A member that merely asks around, or a client, doesn't say whom it expects here.
            if (hello is { Node: not null, Expected: not null } && hello.Cluster.Value != 0 && heard is null)
            {
                heard = hello;
                over.Cancel();
            }
        };
        List<Task> served = [];
        await using (IListener listener = await network.ListenAsync(address, cancellation))
        {
            try
            {
                while (await listener.AcceptAsync(either.Token) is { } connection)
                {
                    served.Add(ServeAsync(connection, options, time, hear));
                }
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                // The wait is over, or need not go on.
            }
        }

        foreach (Task each in served)
        {
            await each;
        }

        return heard;
    }

    private static async Task ServeAsync(IConnection connection, EndpointOptions options, TimeProvider time, Action<Hello> hear)
    {
        try
        {
            using var watch = new ConnectionWatch(time, connection, options.HelloTimeout);
            await ConnectionFaults.OpenAsync(connection, CancellationToken.None);
            var reader = new FrameReader(connection.Input, WireLimits.HelloBytesMax);
            if (await reader.ReadPreambleAsync() is { } kind && await reader.MoveNextAsync() && reader.Header.Type == FrameType.Hello
                && HelloCodec.TryReadHello(kind, reader.Body.ToArray()) is { } hello)
            {
                byte[] body = new byte[WireLimits.HelloBytesMax];
                var refusal = new HelloRefusal(RefusalCode.NotReady, 0, 0, "This node is being founded; it isn't up yet.");
                await Dialer.WriteFrameAsync(connection.Output, FrameType.Refused, 0, body.AsMemory(0, HelloCodec.Write(refusal, body)));
                hear(hello);
                while (await reader.MoveNextAsync())
                {
                    // Until the other side has closed it, or its time is over: what was written last would be lost with a reset.
                }
            }
        }
        catch (Exception exception) when (ConnectionFaults.Is(exception))
        {
            // Who doesn't complete a hello holds nothing against the founding.
        }
        finally
        {
            connection.Abort();
            await connection.DisposeAsync();
        }
    }
}
