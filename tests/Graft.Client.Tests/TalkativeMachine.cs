using System.Text;
using Graft.Tests;

namespace Graft.Client.Tests;

/// <summary>A machine whose answers are longer than a call carries: to the command "long", and to any query that isn't empty.</summary>
internal sealed class TalkativeMachine(TestMachine inner) : IStateMachine
{
    private static readonly byte[] Long = new byte[17 << 20];

    public async ValueTask ApplyAsync(CommandBatch batch)
    {
        await inner.ApplyAsync(batch);
        for (int i = 0; i < batch.Count; i++)
        {
            if (Encoding.UTF8.GetString(batch[i].Span) == "long")
            {
                batch.Answer(i, Long);
            }
        }
    }

    public async ValueTask<ReadOnlyMemory<byte>> QueryAsync(ReadOnlyMemory<byte> query, CancellationToken cancellation) =>
        query.IsEmpty ? await inner.QueryAsync(query, cancellation) : Long;

    public ValueTask<IStateImage> CaptureAsync() => inner.CaptureAsync();

    public ValueTask RestoreAsync(Stream image) => inner.RestoreAsync(image);
}
