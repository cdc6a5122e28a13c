using System.Text;

namespace Graft.Tests.Machines;

/// <summary>A <see cref="TestMachine"/> whose state can be compared.</summary>
internal sealed class DigestMachine(TestMachine machine) : IStateMachine, IDigest
{
    internal int Digests { get; private set; }

    public ValueTask ApplyAsync(CommandBatch batch) => machine.ApplyAsync(batch);

    public ValueTask<ReadOnlyMemory<byte>> QueryAsync(ReadOnlyMemory<byte> query, CancellationToken cancellation) => machine.QueryAsync(query, cancellation);

    public ValueTask<IStateImage> CaptureAsync() => machine.CaptureAsync();

    public ValueTask RestoreAsync(Stream image) => machine.RestoreAsync(image);

    public async ValueTask<IStateDigest?> BeginDigestAsync()
    {
        Digests++;
        return Digests % 2 == 0
            ? StateDigest.Of(await CaptureAsync())
            : StateDigest.Of(StateDigest.Of(Encoding.UTF8.GetBytes(string.Concat(machine.Applied.Select(line => line + "\n")))));
    }
}
