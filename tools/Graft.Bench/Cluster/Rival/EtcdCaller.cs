using System.Buffers.Binary;
using Google.Protobuf;
using Graft.Bench.Cluster.Rival.Wire;
using Graft.NodeProcess;

namespace Graft.Bench.Cluster.Rival;

/// <summary>Calls etcd as <see cref="OwnCaller"/> calls our nodes: a key of its own, a value of as many bytes as our command.</summary>
internal sealed class EtcdCaller : IMeasuredCaller
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    private readonly EtcdConnection _member;
    private readonly ByteString _key;
    private readonly int _size;
    private readonly byte[] _read;
    private ulong _number;

    internal EtcdCaller(ulong id, EtcdConnection member, ClusterArguments arguments)
    {
        byte[] key = new byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(key, id);
        (_member, _key, _size) = (member, ByteString.CopyFrom(key), arguments.Size);
        _read = EtcdConnection.Frame(new RangeRequest { Key = _key, Serializable = arguments.Read == "local" });
    }

    public Task<CallEnd> WriteAsync()
    {
        byte[] value = new byte[_size];
        value.AsSpan().Fill(unchecked((byte)++_number));
        byte[] put = EtcdConnection.Frame(new PutRequest { Key = _key, Value = UnsafeByteOperations.UnsafeWrap(value) });
        return CallAsync(_member.Put, put, PutResponse.Parser, static _ => true);
    }

    public Task<CallEnd> ReadAsync() => CallAsync(_member.Range, _read, RangeResponse.Parser, answer => answer.Kvs.Count == 1 && answer.Kvs[0].Value.Length == _size);

    private async Task<CallEnd> CallAsync<T>(Uri method, byte[] frame, MessageParser<T> parser, Func<T, bool> isRight)
        where T : IMessage<T>
    {
        try
        {
            T answer = await _member.CallAsync(method, frame, parser, CancellationToken.None).WaitAsync(Timeout);
            return isRight(answer) ? new CallEnd(CallOutcome.Done, default, "") : new CallEnd(CallOutcome.Rejected, default, "The key isn't there.");
        }
        catch (EtcdCallException error)
        {
            return new CallEnd(error.IsRefusal ? CallOutcome.Rejected : CallOutcome.Unknown, default, error.Message);
        }
        catch (Exception lost) when (lost is HttpRequestException or IOException or TimeoutException)
        {
            return new CallEnd(CallOutcome.Unknown, default, lost.Message);
        }
    }
}
