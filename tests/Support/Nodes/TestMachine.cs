using System.Text;

namespace Graft.Tests;

/// <summary>A state that is the list of what was applied, in order: whatever goes wrong shows.</summary>
internal sealed class TestMachine : IStateMachine
{
    internal List<string> Applied { get; } = [];

    internal List<AppliedAt> Places { get; } = [];

    /// <summary>Set to make it throw at this command.</summary>
    internal string? Poison { get; set; }

    /// <summary>What applying waits for, if anything.</summary>
    internal Task? Gate { get; set; }

    public async ValueTask ApplyAsync(CommandBatch batch)
    {
        if (Gate is { } gate)
        {
            await gate;
        }

        for (int i = 0; i < batch.Count; i++)
        {
            string command = Encoding.UTF8.GetString(batch[i].Span);
            if (command == Poison)
            {
                throw new InvalidOperationException($"{command} doesn't agree with this machine.");
            }

            Applied.Add(command);
            Places.Add(batch.At(i));
            batch.Answer(i, Encoding.UTF8.GetBytes($"{Applied.Count}:{command}"));
        }
    }

    public ValueTask<ReadOnlyMemory<byte>> QueryAsync(ReadOnlyMemory<byte> query, CancellationToken cancellation) =>
        ValueTask.FromResult<ReadOnlyMemory<byte>>(Encoding.UTF8.GetBytes(string.Join(',', Applied)));

    public ValueTask<IStateImage> CaptureAsync() => ValueTask.FromResult<IStateImage>(new Image([.. Applied]));

    public async ValueTask RestoreAsync(Stream image)
    {
        Applied.Clear();
        using var reader = new StreamReader(image);
        while (await reader.ReadLineAsync(CancellationToken.None) is { } line)
        {
            Applied.Add(line);
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
