using System.Buffers;
using Graft.Consensus;

namespace Graft.Network.Tests.Links;

/// <summary>The other end of a connection, byte by byte: what no honest program sends, this does.</summary>
internal sealed class RawPeer : IAsyncDisposable
{
    private readonly IConnection _connection;

    private RawPeer(IConnection connection)
    {
        _connection = connection;
        Reader = new FrameReader(connection.Input);
    }

    internal FrameReader Reader { get; }

    internal static Hello PeerHello { get; } = new()
    {
        Kind = ConnectionKind.Peer, Cluster = new ClusterId(1), Node = new NodeId(9), Incarnation = new Incarnation(4), Expected = new NodeId(2),
    };

    internal static async Task<RawPeer> ConnectAsync(Town town, ulong node) =>
        new(await town.Network.At("raw").ConnectAsync(Town.AddressOf(node), CancellationToken.None));

    internal static async Task<RawPeer> GreetAsync(Town town, ulong node, Hello hello)
    {
        RawPeer raw = await ConnectAsync(town, node);
        await raw.SendAsync(Greeting(hello));
        await raw.Reader.MoveNextAsync();
        return raw;
    }

    internal static byte[] Greeting(Hello hello)
    {
        byte[] body = new byte[WireLimits.HelloBytesMax];
        int length = HelloCodec.Write(hello, body);
        byte[] preamble = new byte[Preamble.Size];
        Preamble.Write(preamble, hello.Kind);
        return [.. preamble, .. Frame(FrameType.Hello, 0, body[..length])];
    }

    internal static byte[] Frame(FrameType type, ulong id, byte[] body)
    {
        byte[] frame = new byte[FrameHeader.Size + body.Length];
        FrameHeader.Write(frame, type, body.Length, id);
        body.CopyTo(frame.AsSpan(FrameHeader.Size));
        FrameHeader.Seal(frame);
        return frame;
    }

    /// <summary>What announces a frame, and no byte of its body.</summary>
    internal static byte[] Announce(FrameType type, ulong id, int length)
    {
        byte[] header = new byte[FrameHeader.Size];
        FrameHeader.Write(header, type, length, id);
        FrameHeader.Seal(header);
        return header;
    }

    internal static byte[] Request(ulong id, ushort method, int length)
    {
        byte[] body = new byte[CallCodec.RequestHeadBytes + length];
        CallCodec.WriteRequest(body, method, new GroupId(3), 0, TimeSpan.FromMinutes(1));
        return Frame(FrameType.Request, id, body);
    }

    internal async Task SendAsync(byte[] bytes) => await _connection.Output.WriteAsync(bytes, CancellationToken.None);

    /// <summary>The refusal that was read last.</summary>
    internal HelloRefusal Refusal()
    {
        Assert.Equal(FrameType.Refused, Reader.Header.Type);
        return HelloCodec.TryReadRefusal(Reader.Body.ToArray())!;
    }

    /// <summary>Reads the next response: of which request, its status, and how long its body is.</summary>
    internal async Task<(ulong Id, ushort Status, long Length)> ResponseAsync()
    {
        Assert.True(await Reader.MoveNextAsync());
        Assert.Equal(FrameType.Response, Reader.Header.Type);
        byte[] body = Reader.Body.ToArray();
        Assert.True(CallCodec.TryReadResponse(body.AsSpan(0, CallCodec.ResponseHeadBytes), out ushort status, out TimeSpan _));
        return (Reader.Header.Id, status, body.Length - CallCodec.ResponseHeadBytes);
    }

    /// <summary>Reads until the other side ends it.</summary>
    internal async Task<List<FrameType>> ReadToEndAsync()
    {
        var types = new List<FrameType>();
        while (await Reader.MoveNextAsync())
        {
            types.Add(Reader.Header.Type);
        }

        return types;
    }

    public ValueTask DisposeAsync() => _connection.DisposeAsync();
}
