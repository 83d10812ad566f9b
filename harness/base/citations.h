#pragma once

#include <string_view>

/// BibTeX entries of what the methods and protocols here were published as.
namespace base::citations {

inline constexpr std::string_view ntk_aware =
    R"(@misc{bloc97_2023ntk,
  title={NTK-Aware Scaled {RoPE} allows {LLaMA} models to have extended (8k+) context size without any fine-tuning and minimal perplexity degradation},
  author={bloc97},
  howpublished={Reddit, r/LocalLLaMA, post 14lz7j5},
  year={2023}
})";

inline constexpr std::string_view kexue_ntk =
    R"(@misc{su2023ntk,
  title={The Road to Upgrading Transformers: 11. {NTK-RoPE} in beta-ary encoding},
  author={Su, Jianlin},
  howpublished={https://kexue.fm/archives/9706},
  year={2023}
})";

inline constexpr std::string_view position_interpolation =
    R"(@article{chen2023extending,
  title={Extending Context Window of Large Language Models via Positional Interpolation},
  author={Chen, Shouyuan and Wong, Sherman and Chen, Liangjian and Tian, Yuandong},
  journal={arXiv preprint arXiv:2306.15595},
  year={2023}
})";

inline constexpr std::string_view yarn =
    R"(@article{peng2023yarn,
  title={{YaRN}: Efficient Context Window Extension of Large Language Models},
  author={Peng, Bowen and Quesnelle, Jeffrey and Fan, Honglu and Shippole, Enrico},
  journal={arXiv preprint arXiv:2309.00071},
  year={2023}
})";

inline constexpr std::string_view dynamic =
    R"(@misc{emozilla2023dynamic,
  title={Dynamically Scaled {RoPE} further increases performance of long context {LLaMA} with zero fine-tuning},
  author={emozilla},
  howpublished={Reddit, r/LocalLLaMA, post 14mrgpr},
  year={2023}
})";

inline constexpr std::string_view vllm =
    R"(@inproceedings{kwon2023vllm,
  title={Efficient Memory Management for Large Language Model Serving with {PagedAttention}},
  author={Kwon, Woosuk and Li, Zhuohan and Zhuang, Siyuan and Sheng, Ying and Zheng, Lianmin and Yu, Cody Hao and Gonzalez, Joseph E. and Zhang, Hao and Stoica, Ion},
  booktitle={Proceedings of SOSP},
  year={2023}
})";

inline constexpr std::string_view llama3 =
    R"(@article{dubey2024llama3,
  title={The {Llama} 3 Herd of Models},
  author={Dubey, Abhimanyu and others},
  journal={arXiv preprint arXiv:2407.21783},
  year={2024}
})";

inline constexpr std::string_view longrope =
    R"(@article{ding2024longrope,
  title={{LongRoPE}: Extending {LLM} Context Window Beyond 2 Million Tokens},
  author={Ding, Yiran and Zhang, Li Lyna and Zhang, Chengruidong and Xu, Yuanyuan and Shang, Ning and Xu, Jiahang and Yang, Fan and Yang, Mao},
  journal={arXiv preprint arXiv:2402.13753},
  year={2024}
})";

inline constexpr std::string_view abf =
    R"(@article{xiong2023effective,
  title={Effective Long-Context Scaling of Foundation Models},
  author={Xiong, Wenhan and Liu, Jingyu and Molybog, Igor and others},
  journal={arXiv preprint arXiv:2309.16039},
  year={2023}
})";

inline constexpr std::string_view p_rope =
    R"(@article{barbero2024round,
  title={Round and Round We Go! What makes Rotary Positional Encodings useful?},
  author={Barbero, Federico and Vitvitskyi, Alex and Perivolaropoulos, Christos and Pascanu, Razvan and Veli{\v{c}}kovi{\'c}, Petar},
  journal={arXiv preprint arXiv:2410.06205},
  year={2024}
})";

inline constexpr std::string_view cope =
    R"(@article{li2026cope,
  title={{CoPE}: Clipped {RoPE} as A Scalable Free Lunch for Long Context {LLMs}},
  author={Li, Haoran and others},
  journal={arXiv preprint arXiv:2602.05258},
  year={2026}
})";

inline constexpr std::string_view resonance =
    R"(@article{wang2024resonance,
  title={Resonance {RoPE}: Improving Context Length Generalization of Large Language Models},
  author={Wang, Suyuchen and Kobyzev, Ivan and Lu, Peng and Rezagholizadeh, Mehdi and Liu, Bang},
  journal={arXiv preprint arXiv:2403.00071},
  year={2024}
})";

inline constexpr std::string_view giraffe =
    R"(@article{pal2023giraffe,
  title={Giraffe: Adventures in Expanding Context Lengths in {LLMs}},
  author={Pal, Arka and Karkhanis, Deep and Roberts, Manley and Dooley, Samuel and Sundararajan, Arvind and Naidu, Siddartha},
  journal={arXiv preprint arXiv:2308.10882},
  year={2023}
})";

inline constexpr std::string_view log_n =
    R"(@misc{su2021scale,
  title={Attention's scale from the invariance of entropy},
  author={Su, Jianlin},
  howpublished={https://kexue.fm/archives/8823},
  year={2021}
})";

inline constexpr std::string_view llama4 =
    R"(@misc{meta2025llama4,
  title={The {Llama} 4 herd: reference implementation},
  author={{Meta AI}},
  howpublished={https://github.com/meta-llama/llama-models},
  year={2025}
})";

inline constexpr std::string_view self_extend =
    R"(@article{jin2024selfextend,
  title={{LLM} Maybe {LongLM}: Self-Extend {LLM} Context Window Without Tuning},
  author={Jin, Hongye and Han, Xiaotian and Yang, Jingfeng and Jiang, Zhimeng and Liu, Zirui and Chang, Chia-Yuan and Chen, Huiyuan and Hu, Xia},
  journal={arXiv preprint arXiv:2401.01325},
  year={2024}
})";

inline constexpr std::string_view rerope =
    R"(@misc{su2023rerope,
  title={Rectified Rotary Position Embeddings},
  author={Su, Jianlin},
  howpublished={https://github.com/bojone/rerope},
  year={2023}
})";

inline constexpr std::string_view dual_chunk =
    R"(@article{an2024dualchunk,
  title={Training-Free Long-Context Scaling of Large Language Models},
  author={An, Chenxin and Huang, Fei and Zhang, Jun and Gong, Shansan and Qiu, Xipeng and Zhou, Chang and Kong, Lingpeng},
  journal={arXiv preprint arXiv:2402.17463},
  year={2024}
})";

inline constexpr std::string_view string_shift =
    R"(@article{an2024string,
  title={Why Does the Effective Context Length of {LLMs} Fall Short?},
  author={An, Chenxin and Zhang, Jun and Zhong, Ming and Li, Lei and Gong, Shansan and Luo, Yao and Xu, Jingjing and Kong, Lingpeng},
  journal={arXiv preprint arXiv:2410.18745},
  year={2024}
})";

inline constexpr std::string_view lm_infinite =
    R"(@article{han2023lminfinite,
  title={{LM-Infinite}: Zero-Shot Extreme Length Generalization for Large Language Models},
  author={Han, Chi and Wang, Qifan and Peng, Hao and Xiong, Wenhan and Chen, Yu and Ji, Heng and Wang, Sinong},
  journal={arXiv preprint arXiv:2308.16137},
  year={2023}
})";

inline constexpr std::string_view streaming =
    R"(@article{xiao2023streaming,
  title={Efficient Streaming Language Models with Attention Sinks},
  author={Xiao, Guangxuan and Tian, Yuandong and Chen, Beidi and Han, Song and Lewis, Mike},
  journal={arXiv preprint arXiv:2309.17453},
  year={2023}
})";

inline constexpr std::string_view sliding_window =
    R"(@article{beltagy2020longformer,
  title={Longformer: The Long-Document Transformer},
  author={Beltagy, Iz and Peters, Matthew E. and Cohan, Arman},
  journal={arXiv preprint arXiv:2004.05150},
  year={2020}
})";

inline constexpr std::string_view llama_cpp =
    R"(@misc{gerganov2024llamacpp,
  title={llama.cpp},
  author={Gerganov, Georgi and others},
  howpublished={https://github.com/ggml-org/llama.cpp},
  year={2024}
})";

inline constexpr std::string_view entropy_abf =
    R"(@article{zhang2024entropy,
  title={Extending {LLMs}' Context Window with 100 Samples},
  author={Zhang, Yikai and Li, Junlong and Liu, Pengfei},
  journal={arXiv preprint arXiv:2401.07004},
  year={2024}
})";

inline constexpr std::string_view landmark_attention =
    R"(@article{mohtashami2023landmark,
  title={Landmark Attention: Random-Access Infinite Context Length for Transformers},
  author={Mohtashami, Amirkeivan and Jaggi, Martin},
  journal={arXiv preprint arXiv:2305.16300},
  year={2023}
})";

inline constexpr std::string_view infinitebench =
    R"(@inproceedings{zhang2024infinitebench,
  title={{$\infty$Bench}: Extending Long Context Evaluation Beyond {100K} Tokens},
  author={Zhang, Xinrong and Chen, Yingfa and Hu, Shengding and Xu, Zihang and Chen, Junhao and Hao, Moo Khai and Han, Xu and Thai, Zhen Leng and Wang, Shuo and Liu, Zhiyuan and Sun, Maosong},
  booktitle={Proceedings of ACL},
  year={2024}
})";

inline constexpr std::string_view ruler =
    R"(@article{hsieh2024ruler,
  title={{RULER}: What's the Real Context Size of Your Long-Context Language Models?},
  author={Hsieh, Cheng-Ping and Sun, Simeng and Kriman, Samuel and Acharya, Shantanu and Rekesh, Dima and Jia, Fei and Zhang, Yang and Ginsburg, Boris},
  journal={arXiv preprint arXiv:2404.06654},
  year={2024}
})";

inline constexpr std::string_view needle_in_a_haystack =
    R"(@misc{kamradt2023needle,
  title={Needle In A Haystack: pressure testing {LLMs}},
  author={Kamradt, Greg},
  howpublished={https://github.com/gkamradt/LLMTest_NeedleInAHaystack},
  year={2023}
})";

inline constexpr std::string_view lost_in_the_middle =
    R"(@article{liu2023lost,
  title={Lost in the Middle: How Language Models Use Long Contexts},
  author={Liu, Nelson F. and Lin, Kevin and Hewitt, John and Paranjape, Ashwin and Bevilacqua, Michele and Petroni, Fabio and Liang, Percy},
  journal={arXiv preprint arXiv:2307.03172},
  year={2023}
})";

inline constexpr std::string_view shortformer =
    R"(@article{press2020shortformer,
  title={Shortformer: Better Language Modeling using Shorter Inputs},
  author={Press, Ofir and Smith, Noah A. and Lewis, Mike},
  journal={arXiv preprint arXiv:2012.15832},
  year={2020}
})";

inline constexpr std::string_view longlora =
    R"(@article{chen2023longlora,
  title={{LongLoRA}: Efficient Fine-tuning of Long-Context Large Language Models},
  author={Chen, Yukang and Qian, Shengju and Tang, Haotian and Lai, Xin and Liu, Zhijian and Han, Song and Jia, Jiaya},
  journal={arXiv preprint arXiv:2309.12307},
  year={2023}
})";

}  // namespace base::citations
