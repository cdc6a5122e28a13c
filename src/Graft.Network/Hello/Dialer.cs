using System.Buffers;
using System.IO.Pipelines;

namespace Graft.Network;

/// <summary>Opens a connection, says hello and reads the answer.</summary>
internal static class Dialer
{
    /// <exception cref="HelloRefusedException">Refused, by the other side or by us: who answered isn't who was expected.</exception>
    /// <exception cref="IOException">Unreachable, too slow, or not our protocol.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    internal static async ValueTask<Dialed> DialAsync(
        INetwork network,
        NodeAddress address,
        Hello hello,
        TimeSpan connectTimeout,
        TimeSpan helloTimeout,
        TimeProvider time,
        CancellationToken cancellation)
    {
        IConnection connection = await ConnectAsync(network, address, connectTimeout, time, cancellation);
        bool isWelcome = false;
        try
        {
            using CancellationTokenRegistration registration = cancellation.UnsafeRegister(static state => ((IConnection)state!).Abort(), connection);
            using var watch = new ConnectionWatch(time, connection, helloTimeout);
            var reader = new FrameReader(connection.Input, WireLimits.HelloBytesMax);
            await WriteHelloAsync(connection.Output, hello);
            bool hasAnswer = await reader.MoveNextAsync();
            cancellation.ThrowIfCancellationRequested();
            if (!hasAnswer)
            {
                throw new IOException(watch.HasExpired
                    ? $"{address} didn't answer the hello within {helloTimeout.TotalSeconds:0.###} s."
                    : $"{address} ended the connection during the hello. {reader.Error}".TrimEnd());
            }

            Welcome welcome = ReadAnswer(address, hello, reader);
            reader.Expect(int.MaxValue, budget: null);
            isWelcome = true;
            return new Dialed(connection, reader, welcome);
        }
        catch (InvalidOperationException exception)
        {
            // Aborted under the writer.
            cancellation.ThrowIfCancellationRequested();
            throw new IOException($"The connection to {address} was lost during the hello.", exception);
        }
        finally
        {
            if (!isWelcome)
            {
                connection.Abort();
                await connection.DisposeAsync();
            }
        }
    }

    /// <summary>Writes one frame and flushes it: for hellos and other frames that stand alone.</summary>
    internal static async ValueTask<FlushResult> WriteFrameAsync(PipeWriter output, FrameType type, ulong id, ReadOnlyMemory<byte> body)
    {
        byte[] frame = ArrayPool<byte>.Shared.Rent(FrameHeader.Size + body.Length);
        FrameHeader.Write(frame, type, body.Length, id);
        body.CopyTo(frame.AsMemory(FrameHeader.Size));
        FrameHeader.Seal(frame.AsSpan(0, FrameHeader.Size + body.Length));
        FlushResult result = await output.WriteAsync(frame.AsMemory(0, FrameHeader.Size + body.Length));
        ArrayPool<byte>.Shared.Return(frame);
        return result;
    }

    private static async ValueTask<IConnection> ConnectAsync(
        INetwork network, NodeAddress address, TimeSpan timeout, TimeProvider time, CancellationToken cancellation)
    {
        using var deadline = new CancellationTokenSource(timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, deadline.Token);
        try
        {
            return await network.ConnectAsync(address, either.Token);
        }
        catch (OperationCanceledException exception) when (!cancellation.IsCancellationRequested)
        {
            throw new IOException($"{address} didn't answer within {timeout.TotalSeconds:0.###} s.", exception);
        }
        catch (Exception exception) when (exception is not (IOException or OperationCanceledException))
        {
            throw ConnectionFaults.NotOpened(exception);
        }
    }

    private static async ValueTask WriteHelloAsync(PipeWriter output, Hello hello)
    {
        byte[] bytes = new byte[Preamble.Size + WireLimits.HelloBytesMax];
        Preamble.Write(bytes, hello.Kind);
        int length = HelloCodec.Write(hello, bytes.AsSpan(Preamble.Size));
        await output.WriteAsync(bytes.AsMemory(0, Preamble.Size));
        await WriteFrameAsync(output, FrameType.Hello, 0, bytes.AsMemory(Preamble.Size, length));
    }

    private static Welcome ReadAnswer(NodeAddress address, Hello hello, FrameReader reader)
    {
        byte[] body = reader.Body.ToArray();
        if (reader.Header.Type == FrameType.Refused && HelloCodec.TryReadRefusal(body) is { } refusal)
        {
            throw new HelloRefusedException(address, refusal);
        }

        if (reader.Header.Type != FrameType.Welcome || HelloCodec.TryReadWelcome(body) is not { } welcome)
        {
            throw new IOException($"{address} answered the hello with something else.");
        }

        // What the acceptor checks, the dialing side checks too: either may be the one that is mistaken.
        HelloRefusal? ours = welcome switch
        {
            _ when hello.Versions.Min > welcome.Version || welcome.Version > hello.Versions.Max => new HelloRefusal(
                RefusalCode.VersionUnknown, hello.Versions.Max, welcome.Version, $"It chose version {welcome.Version}, which isn't offered."),
            _ when hello.Expected is { } expected && expected != welcome.Node => new HelloRefusal(
                RefusalCode.OtherNode, expected.Value, welcome.Node.Value, $"Expected {expected}; there lives {welcome.Node}."),
            _ when hello.Cluster != welcome.Cluster && hello.Cluster.Value != 0 && welcome.Cluster.Value != 0 => new HelloRefusal(
                RefusalCode.OtherCluster, hello.Cluster.Value, welcome.Cluster.Value, $"It belongs to cluster {welcome.Cluster}, not to {hello.Cluster}."),
            _ => null,
        };
        return ours is null ? welcome : throw new HelloRefusedException(address, ours);
    }
}
