using System.Globalization;
using System.Text;

namespace Graft.Simulation.Nodes;

/// <summary>A state that is the list of what was applied: whatever goes wrong shows.</summary>
/// <param name="ledger">Is told of each command.</param>
/// <param name="node">Whose machine it is.</param>
/// <param name="pause">Waits, as a slow machine does.</param>
internal sealed class ListMachine(Ledger ledger, string node, Func<Task> pause) : IStateMachine, IDigest
{
    private readonly List<string> _applied = [];

    internal int Length => _applied.Count;

    /// <summary>The command in front of the bytes that only make it longer.</summary>
    internal static string NameOf(ReadOnlySpan<byte> command)
    {
        int end = command.IndexOf((byte)' ');
        return Encoding.UTF8.GetString(end < 0 ? command : command[..end]);
    }

    internal static string Answer(int length, string command) => string.Create(CultureInfo.InvariantCulture, $"{length}:{command}");

    public async ValueTask ApplyAsync(CommandBatch batch)
    {
        await pause();
        for (int i = 0; i < batch.Count; i++)
        {
            string command = NameOf(batch[i].Span);
            ledger.Apply(node, _applied.Count, command, batch.At(i));
            _applied.Add(command);
            batch.Answer(i, Encoding.UTF8.GetBytes(Answer(_applied.Count, command)));
        }
    }

    public async ValueTask<ReadOnlyMemory<byte>> QueryAsync(ReadOnlyMemory<byte> query, CancellationToken cancellation)
    {
        await pause();
        int length = _applied.Count;
        ulong digest = length <= ledger.Length ? ledger.DigestOf(length) : 0;
        return Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{length} {digest}"));
    }

    public ValueTask<IStateImage> CaptureAsync() => ValueTask.FromResult<IStateImage>(new Image([.. _applied]));

    public async ValueTask<IStateDigest?> BeginDigestAsync() => StateDigest.Of(await CaptureAsync());

    public async ValueTask RestoreAsync(Stream image)
    {
        await pause();
        _applied.Clear();
        using var reader = new StreamReader(image);
        while (await reader.ReadLineAsync(CancellationToken.None) is { } line)
        {
            int position = _applied.Count;
            ledger.Require(
                position < ledger.Length && ledger.CommandAt(position) == line,
                $"a snapshot is a state that was: {node} restores {line} at {position}, and {(position < ledger.Length ? ledger.CommandAt(position) : "nothing")} was applied there");
            _applied.Add(line);
        }
    }

    private sealed class Image(string[] lines) : IStateImage
    {
        public ValueTask WriteAsync(Stream image, CancellationToken cancellation)
        {
            foreach (string line in lines)
            {
                image.Write(Encoding.UTF8.GetBytes(line + "\n"));
            }

            return default;
        }

        public void Dispose()
        {
        }
    }
}
